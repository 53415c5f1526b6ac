"""What no claim mentions and a reader would expect."""

from __future__ import annotations

from datetime import date

from core.verification import Claim, find_unstated
from tests.unit.verification.made_rows import PATIENT, condition, hba1c, medicine, result, row

ON = date(2026, 5, 31)
OLD_HIGH, NEW_HIGH, NORMAL = hba1c(7.2, "2025-11-14"), hba1c(8.9, "2026-05-03"), hba1c(5.1, "2026-05-20")
LATEX = row("allergy", substance="Latex (substance)", status="active", recorded_on="1999-12-29")
PAST = row("allergy", substance="Egg", status="inactive")


def refs(claims: list[Claim], *rows) -> set[str]:
    return {omission.ref for omission in find_unstated(claims, rows, ON)}


def claim(text: str, *cited) -> Claim:
    return Claim(text, tuple(r.ref for r in cited), PATIENT)


def test_the_latest_abnormal_result_must_be_cited() -> None:
    assert refs([], OLD_HIGH, NEW_HIGH) == {NEW_HIGH.ref}
    assert refs([claim("HbA1c was 8.9 %.", NEW_HIGH)], OLD_HIGH, NEW_HIGH) == set()
    assert refs([claim("HbA1c was 7.2 %.", OLD_HIGH)], OLD_HIGH, NEW_HIGH) == {NEW_HIGH.ref}


def test_an_abnormal_result_since_normal_is_no_omission() -> None:
    assert refs([], NEW_HIGH, NORMAL) == set()


def test_results_after_the_day_do_not_count() -> None:
    later = hba1c(5.1, "2026-06-20")
    assert refs([], NEW_HIGH, later) == {NEW_HIGH.ref}


def test_active_allergies_conditions_and_medicines() -> None:
    active = condition("Hypertension", "2002-06-06")
    current = medicine("Lisinopril 10 MG", "2002-06-06")
    over = (condition("Sinusitis", "2019-01-01", "2019-02-01"), medicine("Ibuprofen", "2019-01-01", "2019-02-01"), PAST)
    assert refs([], LATEX, active, current, *over) == {LATEX.ref, active.ref, current.ref}
    named = [
        claim("Allergic to latex.", LATEX),
        claim("Hypertension is active.", active),
        claim("Lisinopril 10 mg.", current),
    ]
    assert refs(named, LATEX, active, current) == set()


def test_citing_a_row_or_naming_it_without_proof_is_not_stating_it() -> None:
    current = medicine("Lisinopril 10 MG", "2002-06-06")
    assert refs([claim("The patient feels well.", LATEX, current)], LATEX, current) == {LATEX.ref, current.ref}
    assert refs([claim("Latex gloves are used, and lisinopril 20 mg.", LATEX, current)], LATEX, current) == {
        LATEX.ref,
        current.ref,
    }


def test_a_substance_behind_no_known_allergies_is_an_allergy() -> None:
    both = row("allergy", substance="No known allergies. Penicillin V", status="active")
    none = row("allergy", substance="No known allergies", status="active")
    assert refs([], both, none) == {both.ref}


def test_a_critical_result_says_so() -> None:
    high = result("Potassium", 7.1, "mmol/L", "2026-05-03", 3.5, 5.1)
    high.fields["interpretation"] = "HH"  # type: ignore[index]
    assert "critical" in find_unstated([], [high], ON)[0].reason
