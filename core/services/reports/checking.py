"""The check of one claim by code, against its evidence as drafted, and keeping the claims' verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from core import verification
from core.models import Base, Check, Claim, Evidence
from core.verification import Row

CODE = "code"


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
