"""Legal holds: a patient's rows stay where they are, hot or archived, and can't be erased, until the hold is lifted."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.access import permissions
from core.access.permissions import Actor, Right
from core.models import Patient
from core.services import meant

REASON_LENGTH_MAX = 400


class BadHold(ValueError):
    """The hold can't be set or lifted like that; the message says what to mend."""


def set_hold(session: Session, *, patient_id: int, reason: str, by: Actor | None, born: str | None = None) -> Patient:
    """Keep a patient's rows where they are; `born` as in core/services/meant.py.

    Raises PermissionDenied, BadHold, AnotherPerson.
    """
    patient = _locked(session, patient_id, reason, by, born)
    if patient.legal_hold:
        raise BadHold(f"Patient {patient_id} is under a legal hold already.")
    return _change(session, patient, True, reason, by)


def lift_hold(session: Session, *, patient_id: int, reason: str, by: Actor | None, born: str | None = None) -> Patient:
    """Let a patient's rows move and be erased again. Raises PermissionDenied, BadHold, AnotherPerson."""
    patient = _locked(session, patient_id, reason, by, born)
    if not patient.legal_hold:
        raise BadHold(f"Patient {patient_id} is under no legal hold.")
    return _change(session, patient, False, reason, by)


def _locked(session: Session, patient_id: int, reason: str, by: Actor | None, born: str | None) -> Patient:
    if by is not None:
        permissions.check(by, Right.LEGAL_HOLD)
    if not reason.strip():
        raise BadHold("Say why: the reason is kept in the audit trail.")
    patient = session.scalar(select(Patient).where(Patient.id == patient_id).with_for_update())
    if patient is None:
        raise BadHold(f"There is no patient {patient_id}.")
    meant.check(patient, born, by=by)
    return patient


def _change(session: Session, patient: Patient, held: bool, reason: str, by: Actor | None) -> Patient:
    patient.legal_hold = held
    action = "patient.hold" if held else "patient.hold_lifted"
    audit.record(session, action, by=by, patient_id=patient.id, target=f"patient:{patient.id}",
                 purpose=reason.strip()[:REASON_LENGTH_MAX])  # fmt: skip
    return patient
