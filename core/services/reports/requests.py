"""Asking for a report, and ending one without a signature."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.access import care, permissions
from core.access.permissions import Actor, Right
from core.jobs import outbox
from core.models import Patient, Report, ReportEvent, ReportState, Signature, utc_now
from core.models.record_types import REPORT
from core.queries.patients import NoSuchPatient
from core.services.reports.lifecycle import OPEN_STATES, NoSuchReport, locked, move
from core.stores import archived
from core.stores.databases import Store
from core.stores.tables import linked_table

TASK = "workers.reports.jobs.draft_report"


class AlreadyOpen(Exception):
    """The patient has an open report, `report_id`: it must be signed, rejected or withdrawn first."""

    def __init__(self, patient_id: int, report: Report) -> None:
        super().__init__(
            f"patient {patient_id} has report {report.id} already, which is {report.state}: finish or withdraw it first"
        )
        self.report_id = report.id


class BadReplacement(ValueError):
    """The report to replace is not a signed report of this patient."""


def request(session: Session, *, patient_id: int, by: Actor, replaces_id: int | None = None) -> Report:
    """Ask for a summary; the job that drafts it is queued by the same transaction.

    Raises PermissionDenied, NoSuchPatient, AlreadyOpen, BadReplacement, ColdUnavailable.
    """
    permissions.check(by, Right.REPORT_REQUEST)
    _lock_patient(session, patient_id)
    care.check(session, by, patient_id)
    _check_none_open(session, patient_id)
    if replaces_id is not None:
        _check_replaceable(session, patient_id, replaces_id)
    report = Report(
        patient_id=patient_id, state=ReportState.REQUESTED, requested_by=by.id, requested_at=utc_now(),
        replaces_id=replaces_id,
    )  # fmt: skip
    session.add(report)
    session.flush()
    session.add(ReportEvent(report_id=report.id, from_state=None, to_state=report.state, at=report.requested_at))
    outbox.add(session, TASK, report_id=report.id)
    _record(session, "report.requested", report, by)
    return report


def amend(session: Session, *, report_id: int, by: Actor) -> Report:
    """Ask for a new report that replaces a signed one, which stands until the new one is signed.

    Raises PermissionDenied, NoSuchReport, AlreadyOpen, BadReplacement, ColdUnavailable.
    """
    permissions.check(by, Right.REPORT_REQUEST)
    patient_id, _ = _standing(session, report_id)
    if patient_id is None:
        raise NoSuchReport(f"there is no report {report_id}")
    return request(session, patient_id=patient_id, by=by, replaces_id=report_id)


def retry_failed(session: Session, *, report_id: int, by: Actor) -> Report:
    """Draft a failed report anew. Raises PermissionDenied, NoSuchReport, InvalidTransition, AlreadyOpen."""
    permissions.check(by, Right.REPORT_REQUEST)
    report = locked(session, report_id)
    _lock_patient(session, report.patient_id)
    care.check(session, by, report.patient_id)
    _check_none_open(session, report.patient_id, but=report_id)
    move(session, report, ReportState.REQUESTED)
    # It is made in the name of whoever asked last.
    report.started_at, report.round, report.requested_by = None, 0, by.id
    outbox.add(session, TASK, report_id=report.id)
    _record(session, "report.retried", report, by)
    return report


def reject(session: Session, *, report_id: int, reason: str, by: Actor) -> Report:
    """Turn a checked draft down. Raises PermissionDenied, NoSuchReport, InvalidTransition, ValueError."""
    return _end(session, report_id, ReportState.REJECTED, reason=reason, by=by, right=Right.REPORT_REVIEW)


def withdraw(session: Session, *, report_id: int, reason: str, by: Actor) -> Report:
    """Take back a request, a draft or a signed report. Raises as `reject` does.

    What a colleague signed is taken back by who has a lasting tie: a broken glass gives no say over it.
    """
    return _end(session, report_id, ReportState.WITHDRAWN, reason=reason, by=by, right=Right.REPORT_SIGN)


def take_back(session: Session, *, report_id: int, reason: str) -> None:
    """Withdraw a draft, because an import hides what it was made from. Raises InvalidTransition."""
    report = locked(session, report_id)
    move(session, report, ReportState.WITHDRAWN, reason=reason)
    _record(session, "report.withdrawn", report, None)


def _end(session: Session, report_id: int, to: ReportState, *, reason: str, by: Actor, right: Right) -> Report:
    permissions.check(by, right)
    if not reason.strip():
        raise ValueError("Say why, in a few words.")
    report = locked(session, report_id)
    if care.check(session, by, report.patient_id) is care.Tie.GLASS and _is_signed_by_another(session, report, by):
        raise permissions.PermissionDenied("You are not allowed to take back what others signed")
    move(session, report, to, reason=reason.strip())
    _record(session, f"report.{to}", report, by)
    return report


def _is_signed_by_another(session: Session, report: Report, by: Actor) -> bool:
    signer = session.scalar(select(Signature.account_id).where(Signature.report_id == report.id))
    return report.state == ReportState.SIGNED and signer != by.id


def _lock_patient(session: Session, patient_id: int) -> None:
    query = select(Patient.id).where(Patient.id == patient_id).with_for_update(key_share=True)
    if session.scalar(query) is None:
        raise NoSuchPatient(patient_id)


def _check_none_open(session: Session, patient_id: int, but: int | None = None) -> None:
    query = select(Report).where(Report.patient_id == patient_id, Report.state.in_(OPEN_STATES), Report.id != but)
    report = session.scalar(query.limit(1))
    if report is not None:
        raise AlreadyOpen(patient_id, report)


def _check_replaceable(session: Session, patient_id: int, replaces_id: int) -> None:
    owner, state = _standing(session, replaces_id)
    if owner != patient_id or state != ReportState.SIGNED:
        raise BadReplacement(f"report {replaces_id} is not a signed report of this patient")


def _standing(session: Session, report_id: int) -> tuple[int | None, str | None]:
    """The patient and the state of a report, hot or archived."""
    hot = session.get(Report, report_id)
    return (hot.patient_id, hot.state) if hot is not None else archived_report(session, report_id)


def archived_report(session: Session, report_id: int) -> tuple[int | None, str | None]:
    table = linked_table("report")
    seen = archived.window(session, REPORT.name)
    query = select(table.c.patient_id, table.c.state).where(table.c.id == report_id, archived.visible(table, seen))
    rows = archived.fetch(REPORT.name, query, through=Store.REPLICA)
    return (rows[0]["patient_id"], rows[0]["state"]) if rows else (None, None)


def _record(session: Session, action: str, report: Report, by: Actor | None) -> None:
    audit.record(session, action, by=by, patient_id=report.patient_id, target=f"report:{report.id}")
