"""Treatment teams, duty cover, and breaking the glass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core import audit
from core.access import care, permissions
from core.access.permissions import Actor, Right
from core.models import (
    Account,
    CareTeamMember,
    Evidence,
    GlassBreak,
    Patient,
    Report,
    Role,
    SensitiveVisit,
    Sensitivity,
    utc_now,
)
from core.picture import upkeep as picture
from core.queries.patients import NoSuchPatient
from core.queries.reports.kept_apart import hidden_refs
from core.services import reports
from core.services.reports.lifecycle import OPEN_STATES
from core.sources import find, references
from core.stores import databases

MADE_FROM_HIDDEN = "It was drafted from a visit that is now kept apart: ask for a new one."
REASON_LENGTH_MIN, REASON_LENGTH_MAX = 10, 400


class BadReason(ValueError):
    """The glass can't be broken without a reason in words; the message says what to mend."""


class NoSuchVisit(LookupError):
    """The patient has no such visit."""


class NoSuchColleague(LookupError):
    """There is no clinician with this user name who could join a team."""


def break_glass(session: Session, *, patient_id: int, reason: str, by: Actor) -> GlassBreak:
    """Open a record to a clinician outside the team, for `break_glass_minutes`; the patient sees it and the reason.

    Raises PermissionDenied, BadReason, NoSuchPatient.
    """
    permissions.check(by, Right.RECORD_READ)
    words = " ".join(reason.split())
    if not REASON_LENGTH_MIN <= len(words) <= REASON_LENGTH_MAX:
        raise BadReason(f"Say why, in {REASON_LENGTH_MIN} to {REASON_LENGTH_MAX} characters: the patient can read it.")
    if session.get(Patient, patient_id) is None:
        raise NoSuchPatient(patient_id)
    now = utc_now()
    minutes = databases.current().settings.break_glass_minutes
    broken = GlassBreak(
        account_id=by.id, patient_id=patient_id, reason=words, at=now, expires_at=now + timedelta(minutes=minutes)
    )
    session.add(broken)
    session.flush()
    audit.record(
        session, "record.glass_broken", by=by, patient_id=patient_id, target=f"patient:{patient_id}", purpose=words
    )
    return broken


def join(session: Session, *, patient_id: int, account_id: int, by: Actor) -> None:
    """Put a clinician on a patient's team; nothing happens if the clinician is on it already."""
    if session.get(CareTeamMember, (patient_id, account_id)) is None:
        session.add(CareTeamMember(patient_id=patient_id, account_id=account_id, added_by=by.id))
        session.flush()
        _record(session, "care_team.joined", patient_id, account_id, by)


def add_colleague(session: Session, *, patient_id: int, username: str, by: Actor) -> Account:
    """A clinician with a lasting tie to the patient brings in another. Raises PermissionDenied, NoSuchColleague."""
    _check_lasting(session, by, patient_id)
    query = select(Account).where(
        Account.username == username.strip().lower()[:120], Account.role == Role.CLINICIAN, Account.active
    )
    colleague = session.scalar(query)
    if colleague is None:
        raise NoSuchColleague
    join(session, patient_id=patient_id, account_id=colleague.id, by=by)
    return colleague


def leave(session: Session, *, patient_id: int, account_id: int, by: Actor) -> bool:
    """Take a clinician, or oneself, off a patient's team; False if not on it. Raises PermissionDenied."""
    _check_lasting(session, by, patient_id)
    member = (CareTeamMember.patient_id == patient_id, CareTeamMember.account_id == account_id)
    gone = session.scalar(delete(CareTeamMember).where(*member).returning(CareTeamMember.account_id))
    if gone is not None:
        _record(session, "care_team.left", patient_id, account_id, by)
    return gone is not None


def set_duty(session: Session, *, account_id: int, covers_all: bool, by: Actor) -> Account:
    """Let a clinician on duty see every patient, or no longer. Raises PermissionDenied, NoSuchColleague."""
    permissions.check(by, Right.ACCOUNTS_MANAGE)
    account = session.get(Account, account_id, with_for_update=True)
    if account is None or account.role != Role.CLINICIAN:
        raise NoSuchColleague
    account.covers_all = covers_all
    audit.record(session, f"account.duty_{'begun' if covers_all else 'ended'}", by=by, target=f"account:{account_id}")
    return account


def keep_apart(session: Session, *, patient_id: int, visit_id: int, category: str | None, by: Actor) -> None:
    """Hide a visit from clinicians outside the team, for a reason of Sensitivity; with None, show it again.

    Drafts that were made from the visit are withdrawn; a signed report stands.

    Raises PermissionDenied, NoSuchVisit, ValueError for an unknown category, ColdUnavailable when only a silent
    archive can tell whose visit it is.
    """
    permissions.check(by, Right.SENSITIVITY_SET)
    _check_lasting(session, by, patient_id)
    if visit_id in care.hidden_visits(session, by.id, patient_id):
        raise care.NotInCare(patient_id, visit_id=visit_id)
    open_reports = _locked_drafts(session, patient_id)
    kept = session.get(SensitiveVisit, visit_id)
    if kept is not None and kept.patient_id != patient_id:
        raise NoSuchVisit
    if kept is not None:
        session.delete(kept)
        session.flush()
    if category is not None:
        visit = _visit(session, patient_id, visit_id)
        session.add(
            SensitiveVisit(
                visit_id=visit_id,
                patient_id=patient_id,
                category=Sensitivity(category),
                practitioner_id=visit["practitioner_id"],
                recorded_by=visit["recorded_by"],
                set_by=by.id,
            )
        )
        session.flush()
        _withdraw_drafts(session, open_reports, visit_id, by)
    picture.refresh_all(session, patient_id)
    verb = "kept_apart" if category is not None else "shared"
    audit.record(session, f"visit.{verb}", by=by, patient_id=patient_id, target=f"visit:{visit_id}", purpose=category)


def _visit(session: Session, patient_id: int, visit_id: int) -> Mapping[str, Any]:
    ref = references.row_ref("visit", visit_id)
    found = find.rows(session, [ref]).get(ref)
    if found is None or found.values["patient_id"] != patient_id:
        raise NoSuchVisit
    return found.values


def _locked_drafts(session: Session, patient_id: int) -> Sequence[int]:
    """Open reports; while they are locked, no worker keeps evidence that it collected before the visit was hidden."""
    query = select(Report.id).where(Report.patient_id == patient_id, Report.state.in_(OPEN_STATES))
    return session.scalars(query.order_by(Report.id).with_for_update()).all()


def _withdraw_drafts(session: Session, report_ids: Sequence[int], visit_id: int, by: Actor) -> None:
    for report_id in report_ids:
        supplied = session.scalars(select(Evidence.ref).where(Evidence.report_id == report_id)).all()
        if hidden_refs(session, supplied, {visit_id}):
            reports.withdraw(session, report_id=report_id, reason=MADE_FROM_HIDDEN, by=by)


def _check_lasting(session: Session, by: Actor, patient_id: int) -> None:
    """Raises unless the tie is a lasting one: a broken glass opens the record, but gives no say over the team."""
    permissions.check(by, Right.RECORD_READ)
    if care.tie(session, by.id, patient_id) in (None, care.Tie.GLASS):
        raise care.NotInCare(patient_id)


def _record(session: Session, action: str, patient_id: int, account_id: int, by: Actor) -> None:
    audit.record(session, action, by=by, patient_id=patient_id, target=f"account:{account_id}")
