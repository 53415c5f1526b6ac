"""The flagged claims that go back to the drafter, and what becomes of its answers."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import verification
from core.models import Check, Citation, Claim, Decision, utc_now
from core.services.reports import checking
from core.services.reports.lifecycle import current_claims
from core.verification import Row
from workers.reports import verdicts
from workers.reports.drafter import Flagged, Kept, Sentence

DROPPED = "dropped by the drafter after a check"
DRAFTER = "drafter"
KEPT = "The drafter stands by the sentence, by these words."
REFUSED = "A revision was refused: it would have lost what the cited rows bear out."


def flagged_claims(session: Session, report_id: int) -> list[Flagged]:
    """The claims to revise, with all reasons and earlier attempts.

    Not those that the fact-checker supports by words it quotes and code does not refute: their wording is right, and
    a person decides. Nor those that the drafter stands by, or whose revision was refused.
    """
    rows = checking.evidence_rows(session, report_id)
    return [
        Flagged(
            claim.id,
            Sentence(claim.section, claim.text, _refs(session, claim.id)),
            _reasons(session, claim.id),
            _earlier(session, claim.id),
        )
        for claim in current_claims(session, report_id)
        if claim.flagged and not _is_settled(session, claim, rows)
    ]


def _is_settled(session: Session, claim: Claim, rows: Mapping[str, Row]) -> bool:
    checks = session.scalars(select(Check).where(Check.claim_id == claim.id).order_by(Check.id))
    by = {check.checker: check for check in checks}
    if DRAFTER in by:
        return True
    judged = by.get("model")
    if judged is None or judged.verdict != verdicts.SUPPORTED or claim.verdict == verdicts.CONTRADICTED:
        return False
    reading = checking.read(claim, _refs(session, claim.id), rows)
    quoted = (verification.Judge.SUPPORTED, verification.Judge.BORNE)
    return verdicts.column(judged.verdict, judged.quote, reading) in quoted


def take(session: Session, claim: Claim, answer: Sentence | Kept | None, rows: Mapping[str, Row]) -> Sentence | None:
    """The sentence that replaces a claim, if one does. A claim that is dropped is marked so; one that stays, too."""
    if isinstance(answer, Kept):
        _stays(session, claim, KEPT, answer.quote)
        return None
    refs = _refs(session, claim.id)
    before = checking.read(claim, refs, rows)
    after = None
    if answer is not None:
        if answer.text == claim.text and set(answer.refs) == set(refs):
            return None
        after = verification.read(verification.Claim(answer.text, answer.refs, claim.patient_id), list(rows.values()))
    if verification.lost(before, after):
        _stays(session, claim, REFUSED)
        return None
    if answer is None:
        claim.decision, claim.decision_reason, claim.decided_at = Decision.REJECTED, DROPPED, utc_now()
    return answer


def _stays(session: Session, claim: Claim, why: str, quote: str | None = None) -> None:
    check = Check(report_id=claim.report_id, claim_id=claim.id, checker=DRAFTER, verdict="supported", reasons=[why])
    check.quote = quote
    session.add(check)


def _refs(session: Session, claim_id: int) -> tuple[str, ...]:
    return tuple(session.scalars(select(Citation.ref).where(Citation.claim_id == claim_id).order_by(Citation.id)))


def _earlier(session: Session, claim_id: int) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The sentences that this one replaced, the first of them first."""
    found: list[tuple[str, tuple[str, ...]]] = []
    query = select(Claim.id, Claim.text)
    while (old := session.execute(query.where(Claim.replaced_by == claim_id)).first()) is not None:
        claim_id = old.id
        found.append((old.text, _reasons(session, old.id)))
    return tuple(found[::-1])


def _reasons(session: Session, claim_id: int) -> tuple[str, ...]:
    checks = session.scalars(select(Check.reasons).where(Check.claim_id == claim_id).order_by(Check.id))
    return tuple(dict.fromkeys(str(reason) for reasons in checks for reason in reasons))
