"""Recording a visit with its note, observations and prescriptions, all together and only once."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.access import care, permissions
from core.access.permissions import Actor, Right
from core.models import Patient, Visit, VisitStatus, VisitTie, utc_now
from core.queries.letterhead import is_deceased, standing
from core.queries.patients import NoSuchPatient
from core.services import sent_forms, visit_rows
from core.services.input import InvalidInput
from core.services.visit_rows import NewVisit


class NoSuchVisit(LookupError):
    """The patient has no such open visit."""


def record_visit(session: Session, *, patient_id: int, new: NewVisit, token: str, by: Actor) -> int:
    """Add a visit with all that belongs to it and return its id; the same form sent twice makes one visit.

    `token` is made once per form. Raises PermissionDenied, NoSuchPatient, InvalidInput, SavedBefore.
    """
    permissions.check(by, Right.VISIT_WRITE)
    patient = session.get(Patient, patient_id)
    if patient is None:
        raise NoSuchPatient(patient_id)
    tie = care.check(session, by, patient_id)
    _check_takes_visits(patient, new)
    ledger = sent_forms.entry(session, f"{by.id}:{patient_id}:{token}", makes="visit", content_hash=new.content_hash)
    if ledger.row_id:
        return ledger.row_id
    visit = visit_rows.add(session, patient, new, by)
    session.add(VisitTie(visit_id=visit.id, patient_id=patient_id, account_id=by.id, tie=tie))
    ledger.row_id = visit.id
    audit.record(session, "visit.recorded", by=by, patient_id=patient_id, target=f"visit:{visit.id}")
    return visit.id


def _check_takes_visits(patient: Patient, new: NewVisit) -> None:
    """A record that is not in use takes no visit; one of a patient who has died, none of later. Raises InvalidInput."""
    if standing(patient):
        raise InvalidInput({"started_at": f"{standing(patient)}. Write the visit in the record that is."})
    day = new.started_at.date() if new.started_at is not None else None
    if is_deceased(patient) and (patient.deceased_on is None or day is None or day > patient.deceased_on):
        raise InvalidInput({"started_at": f"{patient.name} has died: a visit can't be of a day after that."})


def close_visit(session: Session, *, patient_id: int, visit_id: int, by: Actor) -> Visit:
    """End an open visit now. Raises PermissionDenied, NotInCare, NoSuchVisit (also when it is closed already)."""
    permissions.check(by, Right.VISIT_WRITE)
    care.check(session, by, patient_id)
    if visit_id in care.hidden_visits(session, by.id, patient_id):
        raise care.NotInCare(patient_id, visit_id=visit_id)
    query = select(Visit).where(Visit.id == visit_id, Visit.patient_id == patient_id, Visit.status == VisitStatus.OPEN)
    visit = session.scalar(query.with_for_update())
    if visit is None:
        raise NoSuchVisit
    visit.status, visit.ended_at = VisitStatus.CLOSED, max(utc_now(), visit.started_at)
    audit.record(session, "visit.closed", by=by, patient_id=patient_id, target=f"visit:{visit_id}")
    return visit
