"""The list of what a draft leaves out, made anew whenever a claim comes, goes, or is decided."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.orm import Session

from core import verification
from core.models import Claim, Decision, Omission, utc_now
from core.services.reports import checking
from core.services.reports.lifecycle import cited_refs, current_claims


def keep(session: Session, report_id: int) -> None:
    """List the rows that a clinician would want stated and that no standing claim states. The report is locked."""
    cited = cited_refs(session, report_id)
    claims = [
        verification.Claim(claim.text, cited.get(claim.id, ()), claim.patient_id)
        for claim in current_claims(session, report_id)
        if _stands(claim)
    ]
    rows = list(checking.evidence_rows(session, report_id).values())
    read = checking.said_in(session, report_id)
    said = {claim.text: read[claim.id] for claim in current_claims(session, report_id) if claim.id in read}
    session.execute(delete(Omission).where(Omission.report_id == report_id))
    session.add_all(
        Omission(report_id=report_id, ref=omission.ref, reason=omission.reason)
        for omission in verification.find_unstated(claims, rows, utc_now().date(), said)
    )


def _stands(claim: Claim) -> bool:
    """A flagged claim states nothing until somebody has accepted it."""
    return not claim.flagged or claim.decision == Decision.ACCEPTED
