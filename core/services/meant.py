"""That a number is the number of the person who is meant.

Whoever acts on a patient's number alone says the year of birth as well, and is shown the name before anything is done.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from core import audit
from core.access.permissions import Actor
from core.models import Patient
from core.queries.patients import NoSuchPatient

IDENTIFIED = "patient.identified"
NOT_KNOWN = "unknown"


class AnotherPerson(ValueError):
    """The year of birth is not that of the patient with this number; the message says what to do."""


@dataclass(frozen=True)
class Meant:
    """Who a number is; `born` is the year of birth, or `unknown`."""

    patient_id: int
    name: str
    born: str


def check(patient: Patient, born: str | None, *, by: Actor | None) -> None:
    """Raises AnotherPerson, unless a command asks, whose reader has the record itself."""
    if by is not None and (born or "").strip().lower() != _born(patient):
        raise AnotherPerson(f"the year of birth is not that of patient {patient.id}: nothing was done")


def named(session: Session, *, patient_id: int, born: str | None, by: Actor) -> Meant:
    """The person of this number and year of birth, on record. Raises NoSuchPatient, AnotherPerson."""
    patient = session.get(Patient, patient_id)
    if patient is None:
        raise NoSuchPatient(patient_id)
    check(patient, born, by=by)
    audit.record(session, IDENTIFIED, by=by, patient_id=patient_id, target=f"patient:{patient_id}")
    return Meant(patient.id, patient.name, _born(patient))


def _born(patient: Patient) -> str:
    return str(patient.birth_on.year) if patient.birth_on is not None else NOT_KNOWN
