"""A medicine that surprises is asked about on the form; the reason for it is kept with the row and on the trail."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from core.models import AccessEvent, Assay, Patient, Prescription, said
from core.stores import databases
from core.stores.databases import Store
from tests.factories import make_allergy, make_assay, make_prescription
from tests.integration.staff.conftest import StaffBrowser
from tests.integration.staff.test_staff_visits import form, send

WHY = "Desensitised last year."
AMOXICILLIN = {
    "observations-0-value": "7.2", "prescriptions-0-medication": "Amoxicillin 500 mg",
    "prescriptions-0-dose": "1 capsule", "prescriptions-0-frequency": "three times a day",
}  # fmt: skip


@pytest.fixture
def assay(database: Any) -> Assay:
    with databases.write() as session:
        return make_assay(session)


def kept() -> list[Prescription]:
    with databases.read(Store.HOT) as session:
        return list(session.scalars(select(Prescription).where(Prescription.medication == "Amoxicillin 500 mg")))


def overrides() -> list[AccessEvent]:
    with databases.read(Store.HOT) as session:
        return list(session.scalars(select(AccessEvent).where(AccessEvent.action == "prescription.confirmed")))


def test_an_allergy_is_asked_about_and_its_override_is_on_record(
    clinician: StaffBrowser, patient: Patient, assay: Assay
) -> None:
    with databases.write() as session:
        make_allergy(session, patient, substance="Penicillin V")
    data = form(clinician, patient, assay, **AMOXICILLIN)
    assert "prescriptions-0-override" not in clinician.get(f"/patients/{patient.id}/visits/new").text
    reply = send(clinician, patient, data)
    assert reply.status_code == 422
    assert "an allergy to Penicillin V, and Amoxicillin 500 mg is of the same class (penicillin)" in reply.text
    assert send(clinician, patient, {**data, "prescriptions-0-override": "ok"}).status_code == 422
    assert kept() == []
    reply = send(clinician, patient, {**data, "prescriptions-0-override": WHY})
    assert reply.status_code == 303, reply.text
    (row,) = kept()
    (event,) = overrides()
    assert said.read(row.said) == {"override": WHY}
    assert (event.target, event.purpose, event.patient_id) == (f"prescription:{row.id}", WHY, patient.id)


def test_a_duplicate_in_the_record_and_on_the_form_is_asked_about(
    clinician: StaffBrowser, patient: Patient, assay: Assay
) -> None:
    with databases.write() as session:
        make_prescription(session, patient, medication="Amoxicillin 250 MG Oral Capsule")
    reply = send(clinician, patient, form(clinician, patient, assay, **AMOXICILLIN))
    assert "It is taken already: Amoxicillin 250 MG Oral Capsule" in reply.text
    twice = {"prescriptions-0-medication": "Enalapril 5 mg", "prescriptions-1-medication": "Enalapril 10 mg"}
    reply = send(clinician, patient, form(clinician, patient, assay, **{**AMOXICILLIN, **twice}))
    assert "It is taken already: Enalapril 5 mg" in reply.text
    assert kept() == []


def test_what_surprises_nobody_is_kept_without_a_question(
    clinician: StaffBrowser, patient: Patient, assay: Assay
) -> None:
    with databases.write() as session:
        make_allergy(session, patient, substance="Latex")
        make_prescription(session, patient, medication="Amoxicillin 250 mg", status="stopped")
    assert send(clinician, patient, form(clinician, patient, assay, **AMOXICILLIN)).status_code == 303
    assert len(kept()) == 1
    assert overrides() == []
