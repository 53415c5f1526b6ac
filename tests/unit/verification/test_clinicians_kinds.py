"""What clinicians write: days from a birth, what one puff or syringe holds, a dose that went on, who says so."""

from __future__ import annotations

import pytest

from core.verification import Reader, Row, SaidStatement, Verdict
from tests.unit.verification.made_rows import check, condition, medicine, note, result, row
from tests.unit.verification.test_second_reader import reading, said

CHILD = row("patient", name="Ada Lim", sex="female", birth_date="2023-02-10")
HB = result("Hemoglobin", 12.4, "g/dL", "2023-02-11", 11.0, 15.5, code="718-7")
ARREST = condition("Cardiac Arrest", "2023-04-08")
PEN = medicine("0.6 ML Enoxaparin sodium 100 MG/ML Prefilled Syringe", "2024-05-02")
PUFF = medicine("120 ACTUAT Fluticasone propionate 0.044 MG/ACTUAT Metered Dose Inhaler", "2024-05-02")
WHEAT = row("allergy", substance="Wheat (substance)", status="active", recorded_on="2020-01-01")
LATEX = row("allergy", substance="Latex", reaction="Anaphylaxis", status="active", recorded_on="2020-01-01")
NOTE = note("# Allergies\nNo Known Allergies.\n\n# Medications\nNo Active Medications.\n", "2024-06-03")
UNINSURED = note("Patient currently has NO INSURANCE.", "2024-06-03")
SCREENED = note(
    "## Plan\nThe following procedures were conducted:\n- assessment of anxiety (procedure)\n", "2024-06-03"
)
NEVER = result("Tobacco smoking status NHIS", "Never smoker", None, "2024-06-03")
SMOKES = note("Patient is an active smoker.", "2024-06-03")


FAILURE = condition("Chronic congestive heart failure", "2024-04-03")
BNP = result("NT-proBNP", 428.0, "pg/mL", "2024-04-17", None, 125.0, code="33762-6")


@pytest.mark.parametrize(
    ("text", "rows", "is_borne"),
    [
        ("Newborn Hb 12.4.", [CHILD, HB], True),
        ("Day 1 Hb 12.4.", [CHILD, HB], True),
        ("Day 9 Hb 12.4.", [CHILD, HB], False),
        ("Hb 12.4 the day after birth.", [CHILD, HB], True),
        ("Hb 12.4 the day before birth.", [CHILD, HB], False),
        ("Cardiac arrest at 8 weeks of age, April 2023.", [CHILD, ARREST], True),
        ("Cardiac arrest at 8 weeks of age.", [CHILD, ARREST], True),
        ("Cardiac arrest at 12 weeks of age, April 2023.", [CHILD, ARREST], False),
        ("Enoxaparin 60 mg since 2 May 2024.", [PEN], True),
        ("Enoxaparin 40 mg since 2 May 2024.", [PEN], False),
        ("Fluticasone 44 mcg since 2 May 2024.", [PUFF], True),
        ("Fluticasone 88 mcg since 2 May 2024.", [PUFF], False),
        ("Wheat on the allergy list without a reaction.", [WHEAT], True),
        ("Latex on the allergy list without a reaction.", [LATEX], False),
        ("CCF since 3 April 2024, NT-proBNP 428 that month.", [FAILURE, BNP], True),
        ("CCF since April 2024, NT-proBNP 428 the same year.", [FAILURE, BNP], True),
        ("CCF since April 2024, NT-proBNP 328 that month.", [FAILURE, BNP], False),
        ("NKA, no meds.", [NOTE], True),
        ("NKA, known meds.", [NOTE], False),
        ("Uninsured in June 2024.", [UNINSURED], True),
        ("Uninsured by June 2024.", [UNINSURED], True),
        ("Insured in June 2024.", [UNINSURED], False),
        ("Anxiety screening not done in June 2024.", [SCREENED], False),
        ("Assessment of anxiety not done in June 2024.", [SCREENED], False),
        ("Assessment of anxiety due June 2024.", [SCREENED], False),
        ("Never smoker on coding, active smoker in the note of 3 June 2024.", [NEVER, SMOKES], True),
    ],
)
def test_by_code_alone(text: str, rows: list[Row], is_borne: bool) -> None:
    assert (check(text, *rows).verdict is Verdict.SUPPORTED) is is_borne


LISINOPRIL = [
    medicine("lisinopril 10 MG Oral Tablet", "2022-01-24", "2023-01-30"),
    medicine("lisinopril 10 MG Oral Tablet", "2023-01-30"),
]
RAISED = [LISINOPRIL[0], medicine("lisinopril 20 MG Oral Tablet", "2023-01-30")]
AGAIN = [condition("Stress", "2022-10-29", "2023-11-09"), condition("Stress", "2024-11-15")]
SINUSITIS = [
    condition("Viral sinusitis (disorder)", "2024-05-12", "2024-05-26"),
    row("visit", description="Encounter for symptom", reason="Viral sinusitis", started_at="2024-05-13T09:00:00Z"),
]
PAIN = [result("Pain severity", 6.0, "{score}", "2024-09-19", code="72514-3")]
GLUCOSE = [result("Glucose", 66.9, "mg/dL", "2024-09-19", 70.0, 140.0, code="2345-7")]
FATS = [result("Triglycerides", 150.0, "mg/dL", "2024-01-24", None, 150.0, code="2571-8")]
OVERDOSE = [condition("Drug overdose", "2010-01-18")]
ORTHOPNEA = [result("Symptom", "Orthopnea (finding)", None, "2024-04-17")]
FOR_PRESSURE = [medicine("lisinopril 10 MG Oral Tablet", "2024-04-17", reason="Hypertension")]
SAME = {"direction": ("same dose", "same")}


def _same(when: str, iso: str) -> list[SaidStatement]:
    span = f"lisinopril: same dose from {when}"
    return [said("dose_change", "lisinopril", span, **SAME, when=(when, iso))]


@pytest.mark.parametrize(
    ("text", "rows", "statements", "reader"),
    [
        ("lisinopril: same dose from Jan 2023.", LISINOPRIL, _same("Jan 2023", "2023-01"), Reader.PROVED),
        ("lisinopril: same dose from May 2023.", LISINOPRIL, _same("May 2023", "2023-05"), Reader.SILENT),
        ("lisinopril: same dose from Jan 2023.", RAISED, _same("Jan 2023", "2023-01"), Reader.SILENT),
        ("Previous stress ended Nov 2023.", AGAIN,
         [said("condition", "stress", "Previous stress ended Nov 2023", which=("Previous", "earlier"),
               status=("ended", "resolved"), end=("Nov 2023", "2023-11"))], Reader.PROVED),
        ("Single episode of viral sinusitis.", SINUSITIS,
         [said("count", "viral sinusitis", "Single episode of viral sinusitis", count=("Single", "1"))],
         Reader.PROVED),
        ("Two episodes of viral sinusitis.", SINUSITIS,
         [said("count", "viral sinusitis", "Two episodes of viral sinusitis", count=("Two", "2"))], Reader.SILENT),
        ("Glucose has a lower limit of 70.", GLUCOSE,
         [said("range", "Glucose", "Glucose has a lower limit of 70", low="70")], Reader.PROVED),
        ("Glucose has a lower limit of 60.", GLUCOSE,
         [said("range", "Glucose", "Glucose has a lower limit of 60", low="60")], Reader.REFUTED),
        ("TG 150, right on the upper limit.", FATS,
         [said("result", "TG", "TG 150, right on the upper limit", value="150",
               reading=("right on the upper limit", "not high"))], Reader.PROVED),
        ("TG 150, right on the lower limit.", FATS,
         [said("result", "TG", "TG 150, right on the lower limit", value="150",
               reading=("right on the lower limit", "not high"))], Reader.SILENT),
        ("OD Jan 2010.", OVERDOSE,
         [said("condition", "OD", "OD Jan 2010", known_as="drug overdose", when=("Jan 2010", "2010-01"))],
         Reader.PROVED),
        ("Orthopnoea on 17 April 2024.", ORTHOPNEA,
         [said("condition", "Orthopnoea", "Orthopnoea on 17 April 2024", when=("17 April 2024", "2024-04-17"))],
         Reader.PROVED),
        ("Orthopnoea on 18 April 2024.", ORTHOPNEA,
         [said("condition", "Orthopnoea", "Orthopnoea on 18 April 2024", when=("18 April 2024", "2024-04-18"))],
         Reader.REFUTED),
        ("Lisinopril for BP.", FOR_PRESSURE,
         [said("medicine", "Lisinopril", "Lisinopril for BP", reason=("BP", ""))], Reader.PROVED),
        ("Pain 12/10.", PAIN, [said("result", "Pain", "Pain 12/10", value="12/10")], Reader.SILENT),
    ],
)  # fmt: skip
def test_as_a_reader_tells_it(text: str, rows: list[Row], statements: list[SaidStatement], reader: Reader) -> None:
    assert reading(text, rows, *statements).reader is reader
