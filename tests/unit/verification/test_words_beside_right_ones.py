"""Small words that make a right sentence wrong: code proved it, for each of its other words is borne out."""

from __future__ import annotations

import pytest

from core.verification import Row, Verdict
from tests.unit.verification.made_rows import check, condition, medicine, note, result, row

BP = "Systolic blood pressure"
SYSTOLIC = [result(BP, value, "mm[Hg]", day, 90.0, 130.0) for value, day in ((118, "2024-01-01"), (139, "2025-01-06"))]
CRITICAL = row(
    "observation", name=BP, value=192, unit="mm[Hg]", ref_low=90, ref_high=130, interpretation="HH",
    observed_at="2026-01-06T02:00:00Z",
)  # fmt: skip
RISING = (*SYSTOLIC, CRITICAL)
HB = result("Hemoglobin", 14.2, "g/dL", "2025-05-21", 13.0, 17.0, code="718-7")
RBC = [
    result("Erythrocytes", v, "10*6/uL", d, 4.5, 5.5, code="789-8")
    for v, d in ((3.9, "2018-08-09"), (4.8, "2024-08-15"))
]
BMI = [
    result("Body mass index", v, "kg/m2", d, 18.5, 22.9, code="39156-5")
    for v, d in ((17.9, "2022-05-18"), (19.6, "2025-07-02"))
]
HBA1C = [
    result("Hemoglobin A1c", v, "%", d, 4.0, 6.0, code="4548-4")
    for v, d in ((8.4, "2025-01-05"), (7.1, "2025-07-05"), (7.9, "2026-01-05"))
]
HCTZ = medicine("Hydrochlorothiazide 25 MG", "2026-02-17", reason="Hypertension")
PILL = medicine("Seasonique 91 Day Pack", "2021-12-21", status="stopped")
HYPERTENSION = condition("Hypertension", "2026-02-17")
PREGNANCY = condition("Normal pregnancy", "2025-08-19", "2026-03-31")
WHEAT = row("allergy", substance="Allergy to wheat", status="inactive", recorded_on="2008-01-06")
COUGH = condition("Acute bronchitis", "2025-12-08", "2025-12-22")
PARACETAMOL = medicine(
    "Paracetamol 500 mg tablet", "2026-06-29", "2026-07-04", dose="500 mg to 1 g", route="by mouth",
    frequency="every 6 hours if needed", reason="Tension headache", instructions="At most 8 tablets a day.",
)  # fmt: skip
METFORMIN = medicine("Metformin 500 mg tablet", "2021-03-04", dose="1 g", frequency="twice a day")
SPRAY = medicine("Nitroglycerin 0.4 MG/ACTUAT Mucosal Spray", "1989-03-08")
SALBUTAMOL = medicine(
    "Salbutamol 100 mcg inhaler", "2018-09-09", dose="2 puffs", route="inhaled", frequency="if needed"
)
WRIST = condition("Fracture of left wrist", "2019-07-08", "2019-09-20")
CANCER = condition("Secondary malignant neoplasm of colon", "1993-12-11")
LEUCOVORIN = medicine("Leucovorin 100 MG Injection", "1993-12-18", reason="Secondary malignant neoplasm of colon")
LATEX = note("No known allergies to latex.")


@pytest.mark.parametrize(
    ("right", "wrong", "rows"),
    [
        ("Still taking hydrochlorothiazide.", "Still not taking hydrochlorothiazide.", [HCTZ]),
        ("Systolic 118, 139, 192, the last two high.", "Systolic 118, 139, 192, the last two not high.", RISING),
        ("Wheat allergy no longer active.", "Wheat allergy no longer inactive.", [WHEAT]),
        ("Acute bronchitis is resolved.", "Acute bronchitis is no longer resolved.", [COUGH]),
        ("Acute bronchitis has resolved.", "Acute bronchitis has resolved until now.", [COUGH]),
        ("Hypertension is active.", "Hypertension is active again.", [HYPERTENSION]),
        ("HCTZ 25 mg begun 17 February 2026.", "HCTZ 25 mg restarted 17 February 2026.", [HCTZ]),
        ("Hb was 14.2 g/dL on 21 May 2025.", "Haemoglobin may be 14.2 g/dL on 21 May 2025.", [HB]),
        ("Hb was 14.2 g/dL on 21 May 2025.", "Hb was 14.2 g/dL on 21 May 2025, with change.", [HB]),
        (
            "RBC was low in Aug 2018 (3.9) but normal in Aug 2024 (4.8).",
            "RBC was low in Aug 2018 (3.9) and again in Aug 2024 (4.8).",
            RBC,
        ),
        (
            "Previously underweight by BMI range (17.9 in 2022), in range at 19.6 in 2025.",
            "Previously underweight by glucose range (17.9 in 2022), in range at 19.6 in 2025.",
            BMI,
        ),
        (
            "The last two systolics are above range, the worst in January 2026 (192, flagged critical).",
            "All three systolics are critically above range, the worst in January 2026 (192, flagged critical).",
            RISING,
        ),
        ("HbA1c 8.4, 7.1 and 7.9 %.", "HbA1c 8.4, 7.9 and 7.1 %.", HBA1C),
        ("HbA1c 8.4 and 7.1 % in 2025.", "HbA1c 8.4, 7.1 and 7.1 %.", HBA1C),
        ("HbA1c 7.9, 7.1 and 8.4 %.", "HbA1c crept up 7.9, 7.1, 8.4 %.", HBA1C),
        ("At most 8 tablets of paracetamol a day, completed.", "Paracetamol at most 8 tablets a week.", [PARACETAMOL]),
        (
            "The paracetamol instructions were at most 8 tablets a day.",
            "The paracetamol instructions were at least 8 tablets a day.",
            [PARACETAMOL],
        ),
        ("Paracetamol every 6 hours if needed, completed.", "Paracetamol q6h daily, completed.", [PARACETAMOL]),
        ("Paracetamol course completed.", "Paracetamol completed; headache gone by 4 July 2026.", [PARACETAMOL]),
        ("Metformin 500 mg tablets, 1 g twice a day.", "Metformin 1 g tablets twice a day.", [METFORMIN]),
        ("Metformin 1 g twice a day.", "Metformin 1000 mg tablet twice a day.", [METFORMIN]),
        ("GTN spray since March 1989.", "GTN tablets since March 1989.", [SPRAY]),
        ("Salbutamol inhaler 2 puffs if needed.", "Salbutamol nebuliser 2 puffs if needed.", [SALBUTAMOL]),
        ("Salbutamol inhaler 2 puffs if needed.", "Salbutamol inhaler, regularly, is still taken.", [SALBUTAMOL]),
        ("Fracture of left wrist in July 2019, resolved.", "Fracture of both wrists in July 2019, resolved.", [WRIST]),
        (
            "Secondary bowel cancer from Dec 1993; leucovorin started a week later.",
            "Secondary bowel cancer from Dec 1993; leucovorin started a week earlier.",
            [CANCER, LEUCOVORIN],
        ),
        (
            "Hypertension first recorded 17/2/26; a normal pregnancy has ended.",
            "Hypertension first recorded 17/2/26, after the pregnancy.",
            [HYPERTENSION, PREGNANCY],
        ),
        (
            "Seasonique discontinued; hydrochlorothiazide was started.",
            "Seasonique discontinued when hydrochlorothiazide was started.",
            [PILL, HCTZ],
        ),
        ("No known allergies to latex.", "No known allergies.", [LATEX]),
    ],
)  # fmt: skip
def test_the_right_sentence_is_borne_out_and_the_wrong_one_is_not(right: str, wrong: str, rows: list[Row]) -> None:
    assert check(right, *rows).verdict is Verdict.SUPPORTED
    assert check(wrong, *rows).verdict is not Verdict.SUPPORTED


def test_what_was_doubled_twice_was_not_doubled_once() -> None:
    rows = [
        medicine(f"Amlodipine {n} mg tablet", day, dose=f"{n} mg") for n, day in ((5, "2020-01-01"), (10, "2022-03-03"))
    ]
    assert check("Amlodipine was doubled twice, the last time in March 2022.", *rows).verdict is not Verdict.SUPPORTED
