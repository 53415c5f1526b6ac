"""A death as sentences tell it: by the row of the patient, else by the rows that record it."""

from __future__ import annotations

import pytest

from core.verification import Row, Verdict
from tests.unit.verification.made_rows import check, condition, row

WHO = row("patient", name="Vera Lind", sex="female", birth_date="1937-06-03", died_on="2008-12-24", deceased=True)
ALIVE = row("patient", name="Vera Lind", sex="female", birth_date="1937-06-03", died_on=None)
UNDATED = row("patient", name="Vera Lind", sex="female", birth_date="1937-06-03", died_on=None, deceased=True)
STAY = row(
    "visit", description="Inpatient stay", started_at="2008-12-22T04:57:00Z", ended_at="2008-12-23T04:57:00Z"
)  # fmt: skip
CERTIFIED = row("visit", description="Death Certification", started_at="2008-12-31T04:57:00Z")
CAUSE = row(
    "observation", name="Cause of Death [US Standard Certificate of Death]", code="69453-9",
    value="Pulmonary emphysema (disorder)", observed_at="2008-12-31T04:57:00Z",
)  # fmt: skip
FAILURE = condition("Chronic congestive heart failure (disorder)", "2008-06-04")


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("RIP 24/12/08", [WHO]),
        ("F, RIP 24/12/08, CCF from 6/08", [WHO, FAILURE]),
        ("Vera Lind, a woman born on 3 June 1937, died on 24 December 2008 at the age of 71.", [WHO]),
        ("71F at death", [WHO]),
        ("Died in December 2008, aged 71.", [WHO]),
        ("She has died.", [UNDATED]),
        ("Admitted on 22 December 2008 and died two days later.", [WHO, STAY]),
        ("Her last admission began on 22 December 2008, two days before she died.", [WHO, STAY]),
        ("Died on 24 December 2008 of pulmonary emphysema.", [WHO, CAUSE]),
        ("Died on 31 December 2008 of pulmonary emphysema.", [CAUSE]),
    ],
)
def test_a_death_is_borne_out(text: str, rows: list[Row]) -> None:
    found = check(text, *rows)
    assert found.verdict is Verdict.SUPPORTED, found.reasons


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("RIP 25/12/08", [WHO]),
        ("Died on 31 December 2008.", [WHO, CERTIFIED]),
        ("72F at death", [WHO]),
        ("Died in December 2008, aged 70.", [WHO]),
    ],
)
def test_another_day_or_age_is_contradicted(text: str, rows: list[Row]) -> None:
    assert check(text, *rows).verdict is Verdict.CONTRADICTED


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("She has died.", [ALIVE]),
        ("Her last admission began on 22 December 2008, three days before she died.", [WHO, STAY]),
        ("RIP 24/12/08", [UNDATED]),
        ("Died on 24 December 2008 of heart failure.", [WHO, FAILURE]),
        ("Died of heart failure.", [CAUSE, FAILURE]),
    ],
)
def test_what_no_row_says_is_not_borne_out(text: str, rows: list[Row]) -> None:
    found = check(text, *rows)
    assert found.flagged
    assert found.verdict is not Verdict.CONTRADICTED


def test_a_certificate_of_a_later_day_does_not_contradict_the_day_of_the_patients_row() -> None:
    found = check("Died on 24 December 2008.", CERTIFIED, also=(WHO,))
    assert found.flagged
    assert found.verdict is not Verdict.CONTRADICTED
