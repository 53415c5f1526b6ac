"""Registering a patient."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import audit
from core.access import permissions
from core.access.permissions import Actor, Right
from core.models import Patient, Sex
from core.picture import upkeep as picture
from core.sealing import national_id, stored_national_id
from core.services import care
from core.services.input import Faults, InvalidInput

EARLIEST_BIRTH = date(1890, 1, 1)
SEXES: dict[str, str] = {Sex.FEMALE: "Female", Sex.MALE: "Male", Sex.OTHER: "Other", Sex.UNKNOWN: "Not known"}


@dataclass(frozen=True)
class NewPatient:
    """What a registration form holds; the national id is an NRIC or FIN, or empty for a person who has none."""

    name: str
    sex: str
    birth_on: date | None
    national_id: str = ""
    phone: str = ""
    address: str = ""
    language: str = ""


def register(session: Session, *, new: NewPatient, today: date, by: Actor) -> Patient:
    """Add a patient; the person who registers the patient is the first member of the treatment team.

    Raises PermissionDenied, or InvalidInput with a message for each field.
    """
    permissions.check(by, Right.PATIENT_REGISTER)
    patient, number = _checked(new, today)
    if number and session.scalar(select(Patient.id).where(stored_national_id.held(number))):
        raise _known()
    try:
        with session.begin_nested():
            session.add(patient)
            session.flush()
    except IntegrityError as fault:
        raise _known() from fault
    picture.begin(session, [patient.id])
    audit.record(session, "patient.registered", by=by, patient_id=patient.id, target=f"patient:{patient.id}")
    care.join(session, patient_id=patient.id, account_id=by.id, by=by)
    return patient


def _known() -> InvalidInput:
    return InvalidInput({"national_id": "A patient with this NRIC or FIN is registered already: search for it."})


def _checked(new: NewPatient, today: date) -> tuple[Patient, str | None]:
    faults, number = Faults(), None
    if new.national_id.strip():
        try:
            number = national_id.parse(new.national_id)
        except national_id.BadNationalId as fault:
            faults.add("national_id", str(fault))
    patient = Patient(
        **stored_national_id.columns(number),
        name=faults.line("name", new.name, limit=200, required="Enter the patient's name."),
        sex=faults.choice("sex", new.sex, SEXES, "Choose a sex."),
        birth_on=faults.day(
            "birth_on", new.birth_on, earliest=EARLIEST_BIRTH, latest=today, missing="Enter the birth date."
        ),
        phone=faults.line("phone", new.phone, limit=40),
        address=faults.line("address", new.address, limit=300),
        language=faults.line("language", new.language, limit=40),
    )
    faults.check()
    return patient, number
