"""What is more likely misread than wrong is not called contradicted; and what is wrong is not called supported."""

from __future__ import annotations

import pytest

from core.verification import Row, Verdict
from tests.unit.verification.made_rows import check, hba1c

RUBELLA = Row("condition:1", "condition", 7, {"name": "Rubella", "status": "resolved", "onset_on": "2021-03-04",
                                              "resolved_on": "2021-03-19"})  # fmt: skip
AGAIN = Row("condition:2", "condition", 7, {"name": "Rubella", "status": "resolved", "onset_on": "2023-08-01",
                                            "resolved_on": "2023-08-20"})  # fmt: skip
ASTHMA = Row("condition:3", "condition", 7, {"name": "Asthma", "status": "active", "onset_on": "2021-03-25",
                                             "resolved_on": None})  # fmt: skip
LABETALOL = Row("prescription:4", "prescription", 7, {
    "medication": "Labetalol 100 MG Oral Tablet", "dose": "200 mg", "frequency": "twice a day", "status": "active",
    "started_on": "2021-05-01", "stopped_on": None, "reason": "Hypertension"})  # fmt: skip
DOXYCYCLINE = Row("prescription:5", "prescription", 7, {
    "medication": "Doxycycline 100 MG Oral Tablet", "dose": None, "frequency": None, "status": "completed",
    "started_on": "2021-03-05", "stopped_on": "2021-03-15", "reason": "Rubella"})  # fmt: skip


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("Rubella lasted 15 days in March 2021 and 19 days in August 2023.", (RUBELLA, AGAIN)),
        ("Rubella was found on 4 March 2021, three weeks before asthma.", (RUBELLA, ASTHMA)),
        ("Doxycycline was begun on 5 March 2021, one day after the onset.", (DOXYCYCLINE, RUBELLA)),
    ],
)
def test_a_sentence_that_is_right_is_not_contradicted(text: str, rows: tuple[Row, ...]) -> None:
    found = check(text, *rows)
    assert found.verdict is not Verdict.CONTRADICTED, found.reasons


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("Labetalol 100 mg is taken twice a day.", (LABETALOL,)),
        ("Rubella in August 2023 was treated with doxycycline.", (AGAIN, DOXYCYCLINE)),
    ],
)
def test_a_strength_is_no_dose_and_a_medicine_no_cure_of_what_came_later(text: str, rows: tuple[Row, ...]) -> None:
    assert check(text, *rows).verdict is not Verdict.SUPPORTED


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("Labetalol 200 mg is taken twice a day.", (LABETALOL,)),
        ("Rubella in March 2021 was treated with doxycycline.", (RUBELLA, DOXYCYCLINE)),
    ],
)
def test_the_dose_and_the_time_that_the_rows_hold_are_supported(text: str, rows: tuple[Row, ...]) -> None:
    found = check(text, *rows)
    assert found.verdict is Verdict.SUPPORTED, found.reasons


def test_days_that_are_swapped_are_contradicted() -> None:
    assert check("Rubella began on 19 March 2021.", RUBELLA).verdict is Verdict.CONTRADICTED


@pytest.mark.parametrize("cause", ["because of", "due to", "on account of", "owing to", "caused by", "attributed to"])
def test_no_row_says_what_made_a_result_high(cause: str) -> None:
    text = f"HbA1c was 8.9 % on 3 May 2026, above the reference range {cause} asthma."
    assert check(text, hba1c(8.9, "2026-05-03"), ASTHMA).verdict is not Verdict.SUPPORTED
