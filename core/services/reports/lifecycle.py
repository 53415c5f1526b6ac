"""A report's state: locking the report, moving it to another state, recording the move."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Citation, Claim, Decision, Report, ReportEvent, ReportState, transitions, utc_now
from core.models.record_types import CLOSED_REPORTS

IN_WORK = (ReportState.REQUESTED, ReportState.DRAFTING, ReportState.CHECKING, ReportState.REVISING)
OPEN_STATES = (*IN_WORK, ReportState.READY)


class NoSuchReport(LookupError):
    """There is no hot report with this id."""


def locked(session: Session, report_id: int) -> Report:
    """The report, locked until the transaction ends. Raises NoSuchReport."""
    report = session.get(Report, report_id, with_for_update=True, populate_existing=True)
    if report is None:
        raise NoSuchReport(f"there is no open report {report_id}")
    return report


def move(session: Session, report: Report, to: ReportState, *, reason: str | None = None) -> None:
    """Take a report to another state, and record the times and the move. Raises InvalidTransition."""
    transitions.check_transition(f"report {report.id}", report.state, to)
    now = utc_now()
    session.add(ReportEvent(report_id=report.id, from_state=report.state, to_state=to, reason=reason, at=now))
    report.state, report.reason = to, reason
    if to is ReportState.READY:
        report.ready_at = now
    if to in CLOSED_REPORTS:
        report.closed_at = now
    if to not in IN_WORK:
        report.heartbeat_at = None


def cited_refs(session: Session, report_id: int) -> dict[int, tuple[str, ...]]:
    """The rows that each claim of a report cites, in order, by the claim's id."""
    cited: dict[int, tuple[str, ...]] = {}
    query = select(Citation.claim_id, Citation.ref).where(Citation.report_id == report_id).order_by(Citation.id)
    for claim_id, ref in session.execute(query):
        cited[claim_id] = (*cited.get(claim_id, ()), ref)
    return cited


def current_claims(session: Session, report_id: int) -> list[Claim]:
    """The claims that stand, in order: neither replaced nor rejected."""
    query = select(Claim).where(Claim.report_id == report_id, Claim.replaced_by.is_(None))
    claims = session.scalars(query.order_by(Claim.ordinal, Claim.id))
    return [claim for claim in claims if claim.decision != Decision.REJECTED]
