"""The check of one claim by code, against its evidence as drafted, and keeping the claims' verdicts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from core import verification
from core.engines import kept_json
from core.models import Base, Check, Claim, Evidence
from core.verification import Row, SaidStatement, SecondReading

CODE, READER = "code", "reader"
Said = tuple[SaidStatement, ...]


def evidence_rows(session: Session, report_id: int) -> dict[str, Row]:
    """The rows supplied to a report's drafter, by reference, as the checks take them."""
    query = select(Evidence).where(Evidence.report_id == report_id).order_by(Evidence.id)
    return as_rows(session.scalars(query))


def as_rows(evidence: Iterable[Evidence]) -> dict[str, Row]:
    """Rows of evidence by reference, as the checks take them."""
    return {row.ref: Row(row.ref, row.ref.partition(":")[0], row.patient_id, row.fields) for row in evidence}


def read(claim: Claim, cited: tuple[str, ...], rows: Mapping[str, Row]) -> verification.Reading:
    """What code makes of a claim: the rows it does not cite may speak against it ("latest"), never for it."""
    return verification.read(verification.Claim(claim.text, cited, claim.patient_id), list(rows.values()))


def read_again(claim: Claim, cited: tuple[str, ...], rows: Mapping[str, Row], said: Said) -> SecondReading:
    """What comes of the fact-checker's reading of a claim, by the same rows."""
    return verification.read_again(verification.Claim(claim.text, cited, claim.patient_id), list(rows.values()), said)


def said_in(session: Session, report_id: int) -> dict[int, Said]:
    """What the fact-checker, as reader, took each claim of a report to say, by the claim's id."""
    query = select(Check.claim_id, Check.said).where(Check.report_id == report_id, Check.checker == READER)
    return {claim_id: load_said(said) for claim_id, said in session.execute(query.order_by(Check.id))}


def dump_said(said: Iterable[SaidStatement]) -> str:
    """A reading as it is kept."""
    return json.dumps([statement.as_json() for statement in said], ensure_ascii=False)


def load_said(kept: str | None) -> Said:
    """A reading that was kept."""
    try:
        return verification.from_json(kept_json.read(kept) or ())
    except (TypeError, LookupError):
        return ()


def check_by_code(claim: Claim, cited: tuple[str, ...], rows: Mapping[str, Row]) -> Check:
    """Check a claim against the rows it cites, and set its verdict and flag by this check. Returns the check to keep.

    The check has the claim's id only if the claim was flushed before.
    """
    result = verification.decide(read(claim, cited, rows))
    claim.verdict, claim.flagged = result.verdict, result.flagged
    return Check(
        report_id=claim.report_id,
        claim_id=claim.id,
        checker=CODE,
        verdict=result.verdict,
        reasons=list(result.reasons),
        quote=next((finding.quote for finding in result.findings if finding.quote), None),
    )


def keep_verdicts(session: Session, verdicts: Mapping[int, tuple[str, bool]]) -> None:
    """Set the verdict and flag of claims, by id, at once. The caller holds their report's lock."""
    claim = Base.metadata.tables["claim"]
    statement = update(claim).where(claim.c.id == bindparam("claim_id"))
    statement = statement.values(
        verdict=bindparam("to_verdict"), flagged=bindparam("to_flagged"), version=claim.c.version + 1
    )
    session.execute(
        statement,
        [
            {"claim_id": claim_id, "to_verdict": verdict, "to_flagged": flagged}
            for claim_id, (verdict, flagged) in verdicts.items()
        ],
    )
