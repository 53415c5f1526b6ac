"""The rows of a visit, made from what was typed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from core.access.permissions import Actor
from core.models import (
    Account,
    Clinic,
    Note,
    Observation,
    Patient,
    Prescription,
    Visit,
    VisitStatus,
    utc_now,
)
from core.picture import upkeep as picture
from core.services import observation_rows, prescription_rows, sent_forms
from core.services.input import Faults
from core.services.observation_rows import NewObservation
from core.services.prescription_rows import NewPrescription

NOTE_LIMIT = 1_000_000
CLASSES = {"AMB": "At the clinic", "VR": "By video or telephone", "HH": "At home", "EMER": "Emergency"}
CLOCK_TOLERANCE = timedelta(minutes=5)
LENGTH_MAX = timedelta(days=60)


@dataclass(frozen=True)
class NewVisit:
    """What a visit form holds. Give `started_at` in local time, with its zone: its day is the day of the prescriptions.

    Faults are named by field and row, such as `observations-2-value`.
    """

    description: str
    class_code: str
    started_at: datetime | None
    reason: str = ""
    clinic_id: int | None = None
    note: str = ""
    observations: tuple[NewObservation, ...] = ()
    prescriptions: tuple[NewPrescription, ...] = ()
    close: bool = True

    @property
    def content_hash(self) -> str:
        return sent_forms.hash_of(self)


def add(session: Session, patient: Patient, new: NewVisit, by: Actor) -> Visit:
    """Add a visit with its note, observations and prescriptions. Raises InvalidInput."""
    faults = Faults()
    visit = _visit(session, patient, new, by, faults)
    day = (new.started_at or visit.started_at).date()
    observations = observation_rows.read(
        session, new.observations, patient=patient, visit=visit, day=day, by=by, faults=faults
    )
    prescriptions = prescription_rows.read(
        session, new.prescriptions, patient_id=patient.id, day=day, by=by, faults=faults
    )
    note = faults.text("note", new.note, limit=NOTE_LIMIT)
    faults.check()
    session.add(visit)
    session.flush()
    rows: list[Note | Observation | Prescription] = [
        *(one.row for one in observations),
        *(one.row for one in prescriptions),
    ]
    if note:
        rows.append(
            Note(patient_id=patient.id, kind="Progress note", author=by.name, text=note, written_at=visit.started_at)
        )
    for row in rows:
        row.visit_id = visit.id
    session.add_all(rows)
    session.flush()
    if observations:
        picture.refresh(session, patient.id, observation_ids=[one.row.id for one in observations])
    observation_rows.record_confirmed(session, observations, by)
    prescription_rows.record_overrides(session, prescriptions, by)
    return visit


def _visit(session: Session, patient: Patient, new: NewVisit, by: Actor, faults: Faults) -> Visit:
    account = session.get(Account, by.id)
    started_at = began(new.started_at, patient, faults)
    if new.clinic_id is not None and session.get(Clinic, new.clinic_id) is None:
        faults.add("clinic_id", "Choose a clinic from the list.")
    return Visit(
        patient_id=patient.id,
        clinic_id=new.clinic_id,
        practitioner_id=account.practitioner_id if account is not None else None,
        class_code=faults.choice("class_code", new.class_code, CLASSES, "Choose where the visit took place."),
        status=VisitStatus.CLOSED if new.close else VisitStatus.OPEN,
        description=faults.line("description", new.description, limit=400, required="Enter what the visit was for."),
        reason=faults.line("reason", new.reason, limit=400),
        started_at=started_at,
        ended_at=_ended_at(started_at) if new.close else None,
        recorded_by=by.id,
    )


def began(started_at: datetime | None, patient: Patient, faults: Faults) -> datetime:
    """When a visit began, in UTC: neither in the future nor before the patient's birth."""
    now = utc_now()
    if started_at is None:
        faults.add("started_at", "Enter the day and time the visit began.")
        return now
    if started_at > now + CLOCK_TOLERANCE:
        faults.add("started_at", "Enter a time that is not in the future.")
        return now
    if patient.birth_on is not None and started_at.date() < patient.birth_on:
        faults.add("started_at", "Enter a time after the patient's birth.")
        return now
    return started_at.astimezone(UTC)


def _ended_at(started_at: datetime) -> datetime:
    """A visit of the last 24 hours ends when it is saved. For a visit written up later only the beginning is known."""
    now = utc_now()
    return max(now, started_at) if now - started_at < timedelta(days=1) else started_at
