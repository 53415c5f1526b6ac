"""Registering a patient."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import audit
from core.access import care as ties
from core.access import permissions
from core.access.permissions import Actor, Right
from core.models import Patient, Sex
from core.picture import upkeep as picture
from core.sealing import national_id, stored_national_id
from core.services import care, sent_forms
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


class AlreadyRegistered(InvalidInput):
    """A patient has this NRIC or FIN: `patient_id`, None while that registration is being saved."""

    def __init__(self, patient_id: int | None = None, *, is_in_care: bool = False) -> None:
        super().__init__({"national_id": "A patient with this NRIC or FIN is registered already: search for it."})
        self.patient_id, self.is_in_care = patient_id, is_in_care


def register(session: Session, *, new: NewPatient, today: date, by: Actor, token: str = "") -> Patient:
    """Add a patient; the person who registers the patient is the first member of the treatment team.

    A form with a token, made once per form, makes one patient however often it is sent.
    Raises PermissionDenied, SavedBefore, or InvalidInput with a message for each field: AlreadyRegistered, whose
    caller puts on record that its reader now knows of that patient.
    """
    permissions.check(by, Right.PATIENT_REGISTER)
    patient, number = _checked(new, today)
    ledger = None
    if token:
        key = f"{by.id}:registration:{token}"
        ledger = sent_forms.entry(session, key, makes="patient", content_hash=sent_forms.hash_of(new))
        if ledger.row_id:
            return session.get_one(Patient, ledger.row_id)
    _check_unknown(session, number, by)
    try:
        with session.begin_nested():
            session.add(patient)
            session.flush()
    except IntegrityError as fault:
        raise AlreadyRegistered from fault
    if ledger is not None:
        ledger.row_id = patient.id
    picture.begin(session, [patient.id])
    audit.record(session, "patient.registered", by=by, patient_id=patient.id, target=f"patient:{patient.id}")
    care.join(session, patient_id=patient.id, account_id=by.id, by=by)
    return patient


def _check_unknown(session: Session, number: str | None, by: Actor) -> None:
    known = session.scalar(select(Patient.id).where(stored_national_id.held(number))) if number else None
    if known is not None:
        raise AlreadyRegistered(known, is_in_care=ties.tie(session, by.id, known) is not None)


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
