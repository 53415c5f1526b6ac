"""Which tests the form of a visit offers: each look once, named as people write them, no question."""

from __future__ import annotations

import re
from typing import Any

import pytest

from core.models import Assay, Patient
from core.stores import databases
from tests.factories import make_assay, make_observation, make_visit
from tests.integration.staff.conftest import StaffBrowser

OPTION = re.compile(r'<option[^>]*value="(\d+)"[^>]*>([^<]*)')


@pytest.fixture
def serum(database: Any) -> dict[str, Assay]:
    """Two creatinines that look alike, a count with a unit for machines, two questions and a score of answers."""
    with databases.write() as session:
        return {
            code: make_assay(session, code=code, name=name, short_name=name, unit=unit, category=category)
            for code, name, unit, category in (
                ("38483-4", "Creatinine", "mg/dL", "laboratory"),
                ("2160-0", "Creatinine", "mg/dL", "laboratory"),
                ("777-3", "Platelets", "10*3/uL", "laboratory"),
                ("69453-9", "Cause of Death", None, "exam"),
                ("93035-0", "Are you a refugee?", None, "survey"),
                ("44261-6", "PHQ-9", "{score}", "survey"),
            )
        }


def offered(browser: StaffBrowser, patient: Patient) -> dict[int, str]:
    page = browser.get(f"/patients/{patient.id}/visits/new").text.split('id="observations"')[1]
    return {int(number): words for number, words in OPTION.findall(page.split("</select>")[0])}


def measure(patient: Patient, assay: Assay) -> None:
    with databases.write() as session:
        make_observation(session, make_visit(session, patient), assay, "0.8")


def test_each_look_is_offered_once_and_no_question(
    clinician: StaffBrowser, patient: Patient, serum: dict[str, Assay]
) -> None:
    assert list(offered(clinician, patient).values()) == ["Creatinine, mg/dL", "PHQ-9", "Platelets, ×10³/µL"]


def test_of_those_that_look_alike_the_patients_own_is_offered(
    clinician: StaffBrowser, patient: Patient, serum: dict[str, Assay]
) -> None:
    measure(patient, serum["2160-0"])
    assert [number for number, words in offered(clinician, patient).items() if "Creatinine" in words] == [
        serum["2160-0"].id
    ]
    measure(patient, serum["38483-4"])
    assert [words for words in offered(clinician, patient).values() if "Creatinine" in words] == [
        "Creatinine, mg/dL, 38483-4", "Creatinine, mg/dL, 2160-0",
    ]  # fmt: skip


def test_a_row_that_is_corrected_keeps_its_test(
    clinician: StaffBrowser, patient: Patient, serum: dict[str, Assay]
) -> None:
    with databases.write() as session:
        row = make_observation(session, make_visit(session, patient), serum["69453-9"], "1")
    assert "Cause of Death" not in offered(clinician, patient).values()
    page = clinician.get(f"/patients/{patient.id}/rows/observation/{row.id}/correct").text
    assert "Cause of Death" in dict(OPTION.findall(page)).values()
