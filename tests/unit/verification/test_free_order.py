"""Known things in other places or forms: right sentences are borne out, the same with one thing wrong never."""

from __future__ import annotations

import pytest

from core.verification import Row, Verdict
from tests.unit.verification.made_rows import check, condition, medicine, note, result, row


def systolic(value: float, day: str, high: float = 130) -> Row:
    return result("Systolic Blood Pressure", value, "mm[Hg]", day, 90, high, code="8480-6")


def smoking(day: str) -> Row:
    return result("Tobacco smoking status NHIS", "Never smoker", None, day, code="72166-2")


FELL = (systolic(127.2, "2023-08-09", 120), systolic(116.2, "2024-08-14"), systolic(111.3, "2025-08-20"))
PRESSURE = (FELL[1], result("Diastolic Blood Pressure", 74.1, "mm[Hg]", "2024-08-14", 60, 85, code="8462-4"))
SMOKING = (smoking("2020-05-14"), smoking("2023-05-18"))
TABLETS = medicine(
    "Paracetamol 500 mg tablet", "2026-02-14", "2026-02-19", dose="500 mg to 1 g", frequency="every 6 hours if needed",
    instructions="Report muscle pain.", reason="Viral illness",
)  # fmt: skip
CHECKED = note("Here for a yearly check.\nBP 106/66. Weight 73.7 kg.\nNo focus found, neck supple.", "2025-09-12")
LIGHTER = result("Body weight", 71.2, "kg", "2026-09-14", code="29463-7")
SINUSITIS = condition("Viral sinusitis", "2023-10-07", "2023-10-28")
FOR_IT = medicine("Amoxicillin 250 MG", "2023-10-07", status="stopped", reason="Viral sinusitis")
BMI = tuple(
    result("Body Mass Index", value, "kg/m2", day, 18.5, 22.9, code="39156-5")
    for value, day in ((25.6, "2022-12-24"), (27.2, "2025-12-27"))
)
BORN = row("patient", name="Mohan Menon", sex="male", birth_date="1930-10-21")
YOUNGER = row("patient", name="Mohan Menon", sex="male", birth_date="1989-08-30")
HYPERTENSION = condition("Hypertension", "2013-02-26")
SUGARS = tuple(
    result("Glucose", value, "mmol/L", day, 3.9, 7.8, code="14749-6")
    for value, day in ((8.1, "2026-01-03"), (10.9, "2026-05-06"), (5.3, "2026-07-11"))
)
RISEN = tuple(systolic(v, d, 120) for v, d in ((108.8, "2024-01-01"), (122.3, "2025-01-06"), (135.9, "2026-01-12")))
LIPIDS = (
    result("Total Cholesterol", 177.4, "mg/dL", "2026-11-18", None, 200, code="2093-3"),
    result("High Density Lipoprotein Cholesterol", 70.8, "mg/dL", "2026-11-18", 40, None, code="2085-9"),
)
SEEN = row("visit", description="Emergency room admission", **{"class": "EMER"}, started_at="2024-06-25T02:20:33Z")
SPRAIN = condition("Sprain of ankle", "2024-06-25", "2024-07-23")
ADMITTED = row(
    "visit", description="Obstetric emergency hospital admission", reason="Normal pregnancy", **{"class": "IMP"},
    started_at="2026-03-31T08:11:23Z", ended_at="2026-03-31T09:41:23Z",
)  # fmt: skip
TREATED = medicine("Hydrochlorothiazide 25 MG", "2014-02-20", reason="Hypertension")

CASES = [
    (FELL,
     "Systolic 127 on 9 August 2023, above range, 116 on 14 August 2024 and 111 on 20 August 2025, both within it.",
     ["both within it", "both above it"]),
    (FELL,
     "Systolic 127 on 9 August 2023, above range, fell to 116 in 2024 and 111 in 2025, both within it.",
     ["within it", "above it"]),
    (SUGARS,
     "Glucose 8.1 on 3 January 2026 and 10.9 on 6 May 2026, both above range, and 5.3 on 11 July 2026, within it.",
     ["both above", "both within"]),
    (PRESSURE, "BP on 14 August 2024 was 116.2 mmHg systolic and 74.1 mmHg diastolic, both within range.",
     ["116.2 mmHg systolic and 74.1", "74.1 mmHg systolic and 116.2"]),
    (SMOKING, "Recorded as a never smoker on 14 May 2020 and 18 May 2023.", ["18 May 2023", "18 May 2022"]),
    ((TABLETS,), "Paracetamol 500 mg to 1 g every 6 hours if needed from 14 to 19 February 2026, completed.",
     ["every 6 hours", "every 4 hours"]),
    ((TABLETS,), "Paracetamol in February 2026, with the instruction to report muscle pain.", ["muscle", "chest"]),
    ((CHECKED,), "BP 106/66, wt 73.7 at the yearly check Sept 2025.", ["73.7", "73.2"]),
    ((CHECKED, LIGHTER),
     "Weight fell from 73.7 kg on 12 September 2025 to 71.2 kg in September 2026.", ["fell", "rose"]),
    ((CHECKED,), "The note of 12 September 2025 records no focus found.", ["no focus", "a focus"]),
    ((SINUSITIS, FOR_IT), "Viral sinusitis Oct 2023, had amoxicillin, resolved 28/10/23.", ["28/10/23", "28/11/23"]),
    (BMI, "BMI ↑ 27.2, was 25.6 three yrs earlier.", ["↑", "↓"]),
    (BMI, "BMI 27.2 (12/25), cf. 25.6 (12/22).", ["12/22", "11/22"]),
    ((SINUSITIS,), "Viral sinusitis 7-28 Oct 2023 (3/52), resolved.", ["3/52", "5/52"]),
    ((YOUNGER,), "Male, DOB 30.8.89.", ["30.8.89", "31.8.89"]),
    (RISEN, "Systolic 136, up from 109 in 2024 and 122 in 2025.", ["109 in 2024 and 122", "122 in 2024 and 109"]),
    (RISEN, "Systolic 136, previously 109 in 2024 - now high.", ["now high", "now low"]),
    (LIPIDS, "TC 177, HDL 71 (mg/dL).", ["mg/dL", "mmol/L"]),
    ((SEEN, SPRAIN), "Seen in ED 25/6/24 with ankle sprain, since resolved.", ["25/6/24", "24/6/24"]),
    ((ADMITTED,), "Admitted 31 March 2026 (normal pregnancy).", ["normal", "twin"]),
    ((TREATED, HYPERTENSION),
     "HCTZ 25 mg since Feb 2014 for hypertension, diagnosed a year earlier.", ["a year", "a month"]),
    ((HYPERTENSION,), "Hypertension for over twelve years.", ["twelve", "nineteen"]),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "right", "swap"), CASES, ids=[case[1] for case in CASES])
def test_right_beside_wrong(rows: tuple[Row, ...], right: str, swap: list[str]) -> None:
    assert swap[0] in right
    assert check(right, *rows).reasons == ()
    assert check(right.replace(swap[0], swap[1]), *rows).verdict is not Verdict.SUPPORTED


def test_an_age_is_not_that_of_the_day_of_a_cited_condition() -> None:
    assert check("86M, hypertension.", BORN, condition("Hypertension", "2017-07-01")).flagged
    assert not check("Hypertension was diagnosed at age 86.", BORN, condition("Hypertension", "2017-07-01")).flagged


def test_a_plain_reading_of_a_year_is_of_all_its_results() -> None:
    high = (systolic(142, "2026-01-05"), systolic(151, "2026-06-05"))
    assert not check("Systolic in 2026 was high.", *high).flagged
    assert check("Systolic in 2026 was high.", *high, systolic(118, "2026-09-01")).flagged
    low = result("Diastolic Blood Pressure", 74.1, "mm[Hg]", "2026-01-05", 60, 85, code="8462-4")
    assert not check("BP in 2026 was high.", high[0], low).flagged
    assert check("BP in 2026 was high.", high[0], low, systolic(118, "2026-09-01")).flagged
