"""Kinds of sentences that others write, each right beside wrong: the right ones are borne out, the wrong ones never."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.verification import Row, Verdict
from tests.unit.verification.made_record import RECORD, cases
from tests.unit.verification.made_rows import check, condition, medicine, note, row

RIGHT = cases(
    """
k cr0 | U&Es Aug 2025: K 3.1 low, Cr 1.41 high.
hb1 wcc platelets | FBC in Aug 2025 normal apart from WCC 12.3.
hb1 wcc platelets | WCC 12.3 (H); rest of FBC normal.
hb1 platelets | Hb 13.6 and platelets 301, both normal.
metformin0 metformin1 | Metformin was increased from 500 mg to 1 g on 4 May 2020.
metformin0 metformin1 | Metformin 1 g, increased from 500 mg in May 2020.
metformin0 metformin1 | Metformin 500 -> 1000 mg in May 2020.
simvastatin | On a statin since February 2013.
hctz | BP meds: HCTZ 25 mg.
bmi1 | Obese, BMI 30.2.
hb1 | Hb 13.6, low end of normal, in August 2025.
a1c0 a1c1 a1c2 | HbA1c 7.9 - 6.8 - 5.8.
a1c0 a1c1 a1c2 | HbA1c between 5.8 and 7.9 since February 2025.
hb0 hb1 | Hb 13.6 (was 11.2 in March 2024), normal.
weight0 weight1 | Weight up 3.9 kg in two years to 92.3 kg.
weight1 bmi1 | BMI 30.2, 92.3 kg.
k | K 3.1 or less in August 2025.
attendance | Two-hour emergency attendance on 5 January 2019 with acute bronchitis.
sinusitis seen | Viral sinusitis recorded on 3 December 2021, seen the same day; entry resolved by 24 December 2021.
bronchitis0 amoxiclav | Acute bronchitis Jan 2019: co-amoxiclav 375 mg, 5 to 19 January.
checkup0 checkup1 | Check-ups 23 months apart, in March 2024 and February 2026.
sys1 dia1 | Normotensive in February 2026: 122/78.
penicillin | Allergic to penicillin V (moderate rash, high criticality).
nuts mites | Several allergies: nuts and house dust mite.
bronchitis0 | Acute bronchitis 1/19.
simvastatin | Simvastatin since '13.
weight0 weight1 | Gained weight, from 88.4 to 92.3 kg.
"""
)
WRONG = cases(
    """
hb1 wcc platelets | FBC in Aug 2025 normal.
hb1 wcc | Hb 13.6 and WCC 12.3 both high.
a1c0 a1c1 a1c2 | HbA1c high on three checks: 7.9, 6.8 and 5.8.
a1c0 a1c1 a1c2 | HbA1c between 6.0 and 7.9 since February 2025.
metformin0 metformin1 | Metformin 500 mg, increased from 1 g in May 2020.
metformin0 metformin1 | Metformin was increased from 500 mg to 1 g in May 2020, with swelling.
simvastatin | On an ACE inhibitor since February 2013.
bmi0 | Obese, BMI 29.4.
hb1 | Hb 13.6, high end of normal.
weight0 weight1 | Weight up 3.9 kg in one year to 92.3 kg.
weight1 bmi1 | BMI 30.2, 88.4 kg.
k | K 3.0 or less in August 2025.
k | First K 3.1.
checkup0 checkup1 | Check-ups six months apart, in March 2024 and February 2026.
bronchitis0 amoxiclav | Acute bronchitis Jan 2019: co-amoxiclav 625 mg.
sys0 dia0 | BP not still up: 148/92.
note | Cough for 3 days, rising.
methotrexate | Methotrexate 10 mg once a week due to asthma.
bronchitis0 | Acute bronchitis 2/19.
simvastatin | Simvastatin since '14.
weight0 weight1 | Gained weight, from 88.4 to 93.3 kg.
hb1 wcc platelets | Hb 13.6; the rest of FBC normal.
sys0 sys1 | SBP creeping up: 148, 122.
k | K 3.1 in August 2025, since 2001.
k | K 3.1, the lowest ever.
k | K poor in August 2025.
asthma | Childhood asthma since 1999, on treatment.
"""
)


@pytest.mark.parametrize(("text", "rows"), RIGHT)
def test_borne_out(text: str, rows: list[Row]) -> None:
    found = check(text, *rows)
    assert found.verdict is Verdict.SUPPORTED, found.reasons


@pytest.mark.parametrize(("text", "rows"), WRONG)
def test_never_borne_out(text: str, rows: list[Row]) -> None:
    assert check(text, *rows).flagged


YEARLY = [
    medicine("Ramipril 5 MG Oral Tablet", f"{year}-09-12", f"{year + 1}-09-12" if year < 2025 else None)
    for year in (2023, 2024, 2025)
]


@pytest.mark.parametrize(
    ("text", "borne_out"),
    [
        ("On ramipril 5 mg since September 2023.", True),
        ("Ramipril 5 mg renewed annually since September 2023.", True),
        ("On ramipril 5 mg since September 2022.", False),
    ],
)
def test_what_is_renewed_is_one_course(text: str, *, borne_out: bool) -> None:
    assert (check(text, *YEARLY).verdict is Verdict.SUPPORTED) is borne_out


def test_a_gap_ends_a_course() -> None:
    rows = (YEARLY[0], medicine("Ramipril 5 MG Oral Tablet", "2025-01-12"))
    assert check("On ramipril 5 mg since September 2023.", *rows).flagged


def test_an_age_without_a_day_is_of_now() -> None:
    year = datetime.now(UTC).year
    person = row("patient", name="Logan Gerlach", sex="male", birth_date=f"{year - 40}-01-01")
    child = condition("Asthma", f"{year - 30}-03-03")
    assert not check("Logan Gerlach is a 40-year-old man.", person).flagged
    assert not check("A 40-year-old man with asthma.", person, child).flagged
    assert check("A 40-month-old boy.", person).flagged
    # Who was ten then may be forty now; who is nine now was not ten then.
    assert check("A 39-year-old man with asthma.", person, child).verdict is Verdict.NOT_ADDRESSED
    assert check("A 9-year-old boy with asthma.", person, child).verdict is Verdict.CONTRADICTED


def test_a_name_is_free_unless_the_patient_has_another() -> None:
    asthma = condition("Asthma", "2016-03-03")
    own, other = (
        row("patient", name=name, sex="male", birth_date="1980-01-01") for name in ("Elbert Crooks", "Ann Li")
    )
    text = "Elbert Crooks has asthma."
    assert not check(text, asthma, also=(own,)).flagged
    assert check(text, asthma, also=(other,)).flagged
    assert check("Rubella has worsened; asthma is active.", asthma).flagged


STAY = row(
    "visit", **{"class": "IMP"}, description="Hospital admission", started_at="2026-01-18T02:00:00Z",
    ended_at="2026-01-28T02:00:00Z",
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "flagged"), [("Hb 13.6 at discharge.", True), ("HbA1c 5.8 % on the day of discharge.", False)]
)
def test_discharge_is_the_end_of_the_cited_stay(text: str, *, flagged: bool) -> None:
    day = row(
        "observation", name="HbA1c", code="4548-4", value=5.8, unit="%", observed_at="2026-01-28T02:10:00Z"
    )  # fmt: skip
    assert check(text, day, STAY, RECORD["hb1"]).flagged is flagged


REVIEW = row(
    "visit", **{"class": "AMB"}, description="Cholesterol review", started_at="2026-10-15T02:00:00Z",
    ended_at="2026-10-15T02:10:00Z",
)  # fmt: skip
REVIEWED = note("No new complaints.\nFasting glucose 5.5 mmol/L.", "2026-10-15")


@pytest.mark.parametrize(
    ("text", "borne_out"),
    [
        ("At the cholesterol review of 15 October 2026 he had no new complaints.", True),
        ("No new complaints at the last visit.", True),
        ("At the diabetes review of 15 October 2026 he had no new complaints.", False),
        ("At the cholesterol review of 15 October 2026 he had new complaints.", False),
        ("Random glucose 5.5 mmol/L.", False),
    ],
)
def test_a_note_is_of_its_visit(text: str, *, borne_out: bool) -> None:
    assert (check(text, REVIEW, REVIEWED).verdict is Verdict.SUPPORTED) is borne_out


def test_the_last_visit_has_the_newest_note() -> None:
    later = note("Feels well.", "2026-11-20")
    assert check("No new complaints at the last visit.", REVIEW, REVIEWED, also=(later,)).flagged


def test_the_trimester_is_no_place_in_an_order() -> None:
    early = condition("Miscarriage in first trimester", "2012-10-08")
    assert not check("Miscarriage in the first trimester, October 2012.", early).flagged
    assert check("Miscarriage in the last trimester, October 2012.", early).flagged
