"""Claims on notes: words and numbers must stand there, together, of the patient, and as said."""

from __future__ import annotations

import pytest

from core.verification import Verdict
from tests.unit.verification.made_rows import check, note

NOTE = note(
    "# History\nCough for 3 days. Denies fever and chest pain.\nWound on right foot.\n"
    "Left eye cataract surgery planned.\n"
    "# Family History\nFather had a myocardial infarction at 52. Mother has type 2 diabetes.\n"
    "# Allergies\nNo Known Allergies.\n"
    "# Medications\nlisinopril 10 mg oral tablet; amlodipine 2.5 mg oral tablet\n"
    "# Plan\nAmoxicillin 500 mg TDS for 1/52. ?pneumonia. Consider chest x-ray. Lives with wife, who has dementia."
)

TRUE = [
    "The patient denied fever and chest pain.",
    "Cough for three days.",
    "The note records no known allergies.",
    "A wound on the right foot.",
]
# Right, and not read whole yet: the fact-checker judges them.
LEFT_TO_MODEL = [
    "The father had a myocardial infarction.",
    "Medications were lisinopril 10 mg and amlodipine 2.5 mg.",
    "Amoxicillin 500 mg three times a day for one week.",
    "Amoxicillin 500 mg for 1/52.",
]
FALSE = [
    "The patient reported chest pain.",
    "Cough for three weeks.",
    "History of myocardial infarction.",
    "The patient has type 2 diabetes.",
    "The mother had a myocardial infarction.",
    "Medications were lisinopril 2.5 mg and amlodipine 10 mg.",
    "Amoxicillin 500 mg for one day.",
    "Amoxicillin 500 mg for 1/12.",
    "Amoxicillin 500 mg twice daily.",
    "A wound on the left foot.",
    "The patient has pneumonia.",
    "The patient has dementia.",
    "A chest x-ray was done.",
    "Left eye cataract surgery was done.",
    "Metformin was started.",
    "The patient should stop smoking.",
]


@pytest.mark.parametrize("text", TRUE)
def test_borne_out(text: str) -> None:
    assert not check(text, NOTE).reasons


@pytest.mark.parametrize("text", LEFT_TO_MODEL)
def test_what_is_not_read_is_not_contradicted(text: str) -> None:
    assert check(text, NOTE).verdict is not Verdict.CONTRADICTED


@pytest.mark.parametrize("text", FALSE)
def test_flagged(text: str) -> None:
    assert check(text, NOTE).flagged


def test_a_family_section_is_about_relatives_without_naming_one() -> None:
    family = note("# Family History\nType 2 diabetes.\n# Allergies\nLatex.")
    assert check("The patient has type 2 diabetes.", family).flagged
    assert check("Family history of type 2 diabetes.", family).verdict is not Verdict.CONTRADICTED


def test_a_change_of_dose_keeps_its_direction() -> None:
    changed = note("Amlodipine increased from 5 mg to 10 mg daily. Bisoprolol 2.5 mg.")
    assert not check("Amlodipine was increased from 5 mg to 10 mg daily.", changed).reasons
    assert check("Amlodipine was increased from 10 mg to 5 mg daily.", changed).flagged
    assert check("Amlodipine 2.5 mg.", changed).flagged
