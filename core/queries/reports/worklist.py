"""Reports that wait for somebody, and how far each has got."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, case, func, not_, or_, select
from sqlalchemy.orm import Session

from core.access import care
from core.models import Account, Claim, Decision, Patient, Report, ReportState, utc_now
from core.models.record_types import REPORT
from core.stores import databases

OPEN_OR_FAILED = (
    ReportState.READY,
    ReportState.FAILED,
    ReportState.REQUESTED,
    ReportState.DRAFTING,
    ReportState.CHECKING,
    ReportState.REVISING,
)


@dataclass(frozen=True)
class WorkItem:
    """One report in the list; `flags_decided` of `flags_total` flagged claims have a decision."""

    id: int
    patient_id: int
    patient_name: str
    state: str
    reason: str | None
    requested_by: str
    requested_at: datetime
    ready_at: datetime | None
    closed_at: datetime | None
    claims: int
    flags_total: int
    flags_decided: int


def worklist(
    session: Session,
    *,
    reader: int,
    states: Sequence[ReportState] = OPEN_OR_FAILED,
    requested_by: int | None = None,
    limit: int = 100,
) -> tuple[WorkItem, ...]:
    """Reports in these states, of patients in the reader's care: ready for review first, then oldest first.

    Of closed ones only those that are not cold: what is older leaves some day, and a list must not tell when.
    """
    cutoff_at = REPORT.cutoff(utc_now(), databases.current().settings)
    is_listed = or_(Report.closed_at.is_(None), Report.closed_at >= cutoff_at)
    query = _items().where(Report.state.in_(states), is_listed, care.in_care(reader, Report.patient_id))
    if requested_by is not None:
        query = query.where(Report.requested_by == requested_by)
    ready_first = case((Report.state == ReportState.READY, 0), else_=1)
    return _read(session, query.order_by(ready_first, Report.requested_at, Report.id).limit(limit))


def open_for_patient(session: Session, patient_id: int) -> tuple[WorkItem, ...]:
    """A patient's hot reports that are not signed, rejected or withdrawn, the newest first."""
    query = _items().where(Report.patient_id == patient_id, Report.state.in_(OPEN_OR_FAILED))
    return _read(session, query.order_by(Report.requested_at.desc(), Report.id.desc()))


def item(session: Session, report_id: int) -> WorkItem | None:
    """One hot report, in whatever state; None if it is not hot."""
    return next(iter(_read(session, _items().where(Report.id == report_id))), None)


def _items() -> Select[Report, str, str]:
    return (
        select(Report, Patient.name, Account.name)
        .join(Patient, Patient.id == Report.patient_id)
        .outerjoin(Account, Account.id == Report.requested_by)
    )


def _read(session: Session, query: Select[Report, str, str]) -> tuple[WorkItem, ...]:
    rows = session.execute(query).all()
    counts = _counts(session, [report.id for report, _, _ in rows])
    return tuple(
        WorkItem(
            id=report.id,
            patient_id=report.patient_id,
            patient_name=patient,
            state=report.state,
            reason=report.reason,
            requested_by=requester or "",
            requested_at=report.requested_at,
            ready_at=report.ready_at,
            closed_at=report.closed_at,
            **counts.get(report.id, {"claims": 0, "flags_total": 0, "flags_decided": 0}),
        )
        for report, patient, requester in rows
    )


def _counts(session: Session, ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Claims, flags and decided flags by report, of claims that were neither replaced nor dropped by the drafter."""
    dropped = and_(func.coalesce(Claim.decision, "") == Decision.REJECTED, Claim.decided_by.is_(None))
    decided = and_(Claim.flagged, Claim.decision.is_not(None))
    query = select(
        Claim.report_id,
        func.count().label("claims"),
        func.count(case((Claim.flagged, 1))).label("flags_total"),
        func.count(case((decided, 1))).label("flags_decided"),
    )
    query = query.where(Claim.report_id.in_(ids), Claim.replaced_by.is_(None), not_(dropped))
    return {
        row["report_id"]: {name: row[name] for name in ("claims", "flags_total", "flags_decided")}
        for row in session.execute(query.group_by(Claim.report_id)).mappings()
    }
