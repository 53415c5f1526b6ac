"""Rows for tests: each with what it needs, and nothing a test does not ask for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from core.models import (
    Account,
    Allergy,
    Assay,
    Clinic,
    Condition,
    ConditionStatus,
    Note,
    Observation,
    Patient,
    Practitioner,
    Prescription,
    PrescriptionStatus,
    Role,
    Visit,
    VisitStatus,
)
from core.sealing import stored_national_id
from core.services.accounts import create_account

PASSWORD = "correct horse battery"
NOW = datetime(2026, 11, 12, 2, 0, tzinfo=UTC)
_numbers = count(1)


def _added(session: Session, row: Any) -> Any:
    session.add(row)
    session.flush()
    return row


def make_patient(session: Session, **values: Any) -> Patient:
    """A patient; `name`, `national_id` and the rest may be given."""
    defaults = {"name": "Tan Mei Ling", "sex": "female", "birth_on": date(1961, 3, 14)}
    number = stored_national_id.columns(values.pop("national_id", None))
    return _added(session, Patient(**{**defaults, **values, **number}))


def make_account(session: Session, *, role: Role = Role.CLINICIAN, **values: Any) -> Account:
    """An account with PASSWORD; a patient's needs `patient_id`. A clinician is on duty and sees every patient."""
    number = next(_numbers)
    defaults: dict[str, Any] = {"username": f"{role}{number}", "password": PASSWORD, "name": f"{role.title()} {number}"}
    defaults["covers_all"] = role is Role.CLINICIAN
    return create_account(session, role=role, **{**defaults, **values})


def make_visit(session: Session, patient: Patient, **values: Any) -> Visit:
    """A closed visit, by default today's; its clinic and practitioner are made with it."""
    started_at = values.pop("started_at", NOW)
    clinic = _added(session, Clinic(name="Toa Payoh clinic"))
    practitioner = _added(session, Practitioner(name="Dr Nair"))
    defaults = {
        "patient_id": patient.id,
        "clinic_id": clinic.id,
        "practitioner_id": practitioner.id,
        "class_code": "AMB",
        "status": VisitStatus.CLOSED,
        "description": "Diabetes review",
        "started_at": started_at,
        "ended_at": started_at + timedelta(minutes=20),
    }
    return _added(session, Visit(**{**defaults, **values}))


def make_note(session: Session, visit: Visit, text: str = "Feels well.", **values: Any) -> Note:
    """A note written at a visit."""
    defaults = {"kind": "Progress note", "author": "Dr Nair", "written_at": visit.started_at}
    return _added(session, Note(patient_id=visit.patient_id, visit_id=visit.id, text=text, **{**defaults, **values}))


def make_assay(session: Session, **values: Any) -> Assay:
    """An assay, by default HbA1c."""
    defaults = {
        "code": "4548-4",
        "name": "Hemoglobin A1c/Hemoglobin.total in Blood",
        "short_name": "HbA1c",
        "plain_name": "Average blood sugar over three months",
        "unit": "%",
        "category": "laboratory",
    }
    return _added(session, Assay(**{**defaults, **values}))


def make_observation(
    session: Session, visit: Visit, assay: Assay, value: str | None = "8.9", **values: Any
) -> Observation:
    """A value measured at a visit; the range is 4 to 6 unless given."""
    defaults = {
        "patient_id": visit.patient_id,
        "visit_id": visit.id,
        "assay_id": assay.id,
        "value_number": Decimal(value) if value is not None else None,
        "unit": assay.unit,
        "ref_low": Decimal(4),
        "ref_high": Decimal(6),
        "interpretation": "H",
        "observed_at": visit.started_at,
    }
    return _added(session, Observation(**{**defaults, **values}))


def make_condition(session: Session, patient: Patient, **values: Any) -> Condition:
    """An active condition."""
    defaults = {"name": "Type 2 diabetes", "status": ConditionStatus.ACTIVE, "onset_on": date(2019, 5, 2)}
    return _added(session, Condition(patient_id=patient.id, **{**defaults, **values}))


def make_allergy(session: Session, patient: Patient, **values: Any) -> Allergy:
    """An active allergy."""
    defaults = {"substance": "Penicillin", "reaction": "Rash", "severity": "moderate", "status": "active"}
    return _added(session, Allergy(patient_id=patient.id, **{**defaults, **values}))


def make_prescription(session: Session, patient: Patient, **values: Any) -> Prescription:
    """A medicine taken now."""
    defaults = {
        "medication": "Metformin 850 mg tablet",
        "dose": "1 tablet",
        "frequency": "twice a day",
        "status": PrescriptionStatus.ACTIVE,
        "started_on": date(2024, 3, 3),
    }
    return _added(session, Prescription(patient_id=patient.id, **{**defaults, **values}))
