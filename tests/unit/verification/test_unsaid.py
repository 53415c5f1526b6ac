"""What a record leaves empty, the days that are counted over, and until when something was taken."""

from __future__ import annotations

import pytest

from core.verification import Row, Verdict
from tests.unit.verification.made_rows import check, condition, medicine, row

POLLENS = [
    row("allergy", substance=name, status="active", recorded_on="1999-12-29", reaction=reaction)
    for name, reaction in (("Grass pollen (substance)", None), ("Tree pollen (substance)", None))
]
LATEX = row("allergy", substance="Latex (substance)", reaction="Anaphylaxis (disorder)", status="active")
PAIR = [medicine("lisinopril 10 MG Oral Tablet", "2022-02-12"), medicine("amLODIPine 2.5 MG Oral Tablet", "2022-02-12")]
WITH_DOSE = medicine("lisinopril 10 MG Oral Tablet", "2022-02-12", dose="1 tablet", frequency="daily")
OXYCODONE = [
    medicine("Oxycodone Hydrochloride 15 MG Extended Release Oral Tablet", start, stop)
    for start, stop in (("2013-11-21", "2013-12-26"), ("2014-01-25", "2014-02-08"), ("2014-07-15", "2014-08-12"))
]
SPRAIN = [
    medicine("Acetaminophen 325 MG Oral Tablet", "2012-12-08", "2013-01-04"),
    condition("Sprain of ankle", "2012-12-08", "2013-01-04"),
]
LATER = [SPRAIN[0], condition("Sprain of ankle", "2012-12-08", "2013-02-04")]


@pytest.mark.parametrize(
    ("text", "rows", "verdict"),
    [
        ("No reaction is recorded for grass pollen or tree pollen.", POLLENS, Verdict.SUPPORTED),
        ("No reaction is recorded for grass pollen or latex.", [POLLENS[0], LATEX], Verdict.CONTRADICTED),
        ("No dose is given for lisinopril or amlodipine.", PAIR, Verdict.SUPPORTED),
        ("No dose is given for lisinopril.", [WITH_DOSE], Verdict.CONTRADICTED),
        ("Lisinopril and amlodipine, frequency not stated.", PAIR, Verdict.SUPPORTED),
        ("Lisinopril, frequency not stated.", [WITH_DOSE], Verdict.CONTRADICTED),
        ("No change in dose for lisinopril.", [WITH_DOSE], Verdict.NOT_ADDRESSED),
        ("Oxycodone 15 mg was prescribed three times between November 2013 and August 2014.", OXYCODONE,
         Verdict.SUPPORTED),
        ("Oxycodone 15 mg was prescribed three times between January 2014 and August 2014.", OXYCODONE,
         Verdict.NOT_ADDRESSED),
        ("Acetaminophen until the sprain resolved on 4 January 2013.", SPRAIN, Verdict.SUPPORTED),
        ("Acetaminophen until the sprain resolved.", SPRAIN, Verdict.SUPPORTED),
    ],
)  # fmt: skip
def test_what_is_left_empty_counted_over_or_ended(text: str, rows: list[Row], verdict: Verdict) -> None:
    assert check(text, *rows).verdict is verdict


def test_an_end_that_is_not_that_of_the_illness_is_flagged() -> None:
    assert check("Acetaminophen until the sprain resolved on 4 February 2013.", *LATER).verdict is not Verdict.SUPPORTED
