"""The flagged claims that go back to the drafter, and dropping a claim."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Check, Citation, Claim, Decision, utc_now
from core.services.reports.lifecycle import current_claims
from workers.reports.drafter import Flagged, Sentence

DROPPED = "dropped by the drafter after a check"


def flagged_claims(session: Session, report_id: int) -> list[Flagged]:
    """The standing claims that a check has flagged, with all reasons."""
    return [
        Flagged(claim.id, Sentence(claim.section, claim.text, _refs(session, claim.id)), _reasons(session, claim.id))
        for claim in current_claims(session, report_id)
        if claim.flagged
    ]


def drop(claim: Claim) -> None:
    """Take a claim out of the draft; its row stays, rejected by no person."""
    claim.decision, claim.decision_reason, claim.decided_at = Decision.REJECTED, DROPPED, utc_now()


def refs_of(session: Session, claim_id: int) -> set[str]:
    """The rows a claim cites."""
    return set(_refs(session, claim_id))


def _refs(session: Session, claim_id: int) -> tuple[str, ...]:
    return tuple(session.scalars(select(Citation.ref).where(Citation.claim_id == claim_id).order_by(Citation.id)))


def _reasons(session: Session, claim_id: int) -> tuple[str, ...]:
    checks = session.scalars(select(Check.reasons).where(Check.claim_id == claim_id).order_by(Check.id))
    return tuple(dict.fromkeys(str(reason) for reasons in checks for reason in reasons))
