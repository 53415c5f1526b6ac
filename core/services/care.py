"""Treatment teams, duty cover, and breaking the glass."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core import audit
from core.access import care, permissions
from core.access.permissions import Actor, Right
from core.models import (
    Account,
    CareTeamMember,
    GlassBreak,
    Patient,
    Role,
    utc_now,
)
from core.queries.patients import NoSuchPatient
from core.stores import databases

REASON_LENGTH_MIN, REASON_LENGTH_MAX = 10, 400


class BadReason(ValueError):
    """Neither a glass nor a team is opened without a reason in words; the message says what to mend."""


class NoSuchColleague(LookupError):
    """There is no clinician with this user name who could join a team."""


class NotOneself(ValueError):
    """Nobody gives themselves access: somebody else has to."""

    def __init__(self) -> None:
        super().__init__("You can't let yourself in: ask somebody else who cares for the patient.")


def break_glass(session: Session, *, patient_id: int, reason: str, by: Actor) -> GlassBreak:
    """Open a record to a clinician outside the team, for `break_glass_minutes`; the patient sees it and the reason.

    Raises PermissionDenied, BadReason, NoSuchPatient.
    """
    permissions.check(by, Right.RECORD_READ)
    words = reason_in_words(reason)
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


def join(session: Session, *, patient_id: int, account_id: int, by: Actor, reason: str | None = None) -> None:
    """Put a clinician on a patient's team; nothing happens if the clinician is on it already."""
    if session.get(CareTeamMember, (patient_id, account_id)) is None:
        session.add(CareTeamMember(patient_id=patient_id, account_id=account_id, added_by=by.id))
        session.flush()
        audit.record(
            session, "care_team.joined", by=by, patient_id=patient_id, target=f"account:{account_id}", purpose=reason
        )


def add_colleague(session: Session, *, patient_id: int, username: str, reason: str, by: Actor) -> Account:
    """A clinician with a lasting tie to the patient brings in another; the patient and the team can read why.

    Raises PermissionDenied, NoSuchColleague, NotOneself, BadReason.
    """
    check_lasting(session, by, patient_id)
    colleague, words = colleague_of(session, username, by), reason_in_words(reason)
    join(session, patient_id=patient_id, account_id=colleague.id, by=by, reason=words)
    return colleague


def colleague_of(session: Session, username: str, by: Actor) -> Account:
    """Another active clinician by user name. Raises NoSuchColleague, NotOneself."""
    query = select(Account).where(
        Account.username == username.strip().lower()[:120], Account.role == Role.CLINICIAN, Account.active
    )
    colleague = session.scalar(query)
    if colleague is None:
        raise NoSuchColleague
    if colleague.id == by.id:
        raise NotOneself
    return colleague


def reason_in_words(reason: str, readers: str = "the patient") -> str:
    """The reason as it is kept; `readers` are those who can read it. Raises BadReason."""
    words = " ".join(reason.split())
    if not REASON_LENGTH_MIN <= len(words) <= REASON_LENGTH_MAX:
        raise BadReason(f"Say why, in {REASON_LENGTH_MIN} to {REASON_LENGTH_MAX} characters: {readers} can read it.")
    return words


def leave(session: Session, *, patient_id: int, account_id: int, by: Actor, reason: str = "") -> bool:
    """Take a clinician off a patient's team for a reason, or oneself without one; False if not on it.

    Raises PermissionDenied, BadReason.
    """
    check_lasting(session, by, patient_id)
    words = reason_in_words(reason) if account_id != by.id else None
    member = (CareTeamMember.patient_id == patient_id, CareTeamMember.account_id == account_id)
    gone = session.scalar(delete(CareTeamMember).where(*member).returning(CareTeamMember.account_id))
    if gone is not None:
        audit.record(
            session, "care_team.left", by=by, patient_id=patient_id, target=f"account:{account_id}", purpose=words
        )
    return gone is not None


def begin_duty(session: Session, *, account_id: int, reason: str, by: Actor) -> Account:
    """Let a clinician on duty see every patient. Raises PermissionDenied, NoSuchColleague, BadReason."""
    permissions.check(by, Right.ACCOUNTS_MANAGE)
    account = _clinician(session, account_id)
    words = reason_in_words(reason, "patients whose records are opened")
    account.covers_all, account.duty_reason = True, words
    audit.record(session, "account.duty_begun", by=by, target=f"account:{account_id}", purpose=words)
    return account


def end_duty(session: Session, *, account_id: int, by: Actor) -> Account:
    """A clinician sees the patients in their care alone, again. Raises PermissionDenied, NoSuchColleague."""
    permissions.check(by, Right.ACCOUNTS_MANAGE)
    account = _clinician(session, account_id)
    account.covers_all, account.duty_reason = False, None
    audit.record(session, "account.duty_ended", by=by, target=f"account:{account_id}")
    return account


def _clinician(session: Session, account_id: int) -> Account:
    account = session.get(Account, account_id, with_for_update=True)
    if account is None or account.role != Role.CLINICIAN:
        raise NoSuchColleague
    return account


def check_lasting(session: Session, by: Actor, patient_id: int) -> None:
    """Raises unless the tie is a lasting one: a broken glass opens the record, but gives no say over the team."""
    permissions.check(by, Right.RECORD_READ)
    if care.tie(session, by.id, patient_id) in (None, care.Tie.GLASS):
        raise care.NotInCare(patient_id)
