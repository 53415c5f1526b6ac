"""Days that other things give, weekdays, and units that name their test."""

from __future__ import annotations

import pytest

from core.verification import Row, Verdict
from tests.unit.verification.made_rows import check, condition, result, row

DAYS = ("2025-12-23T10:00:00Z", "2026-11-14T10:00:00Z")
ILL = [
    condition("COVID-19", "2026-01-06", "2026-01-19"),
    condition("Pneumonia", "2026-01-06", "2026-01-19"),
    condition("Hypoxemia", "2026-01-06", None),
]
APART = [*ILL[:1], condition("Pneumonia", "2026-01-07", "2026-01-19"), ILL[2]]
BODY = [
    result("Body Weight", 24, "kg", "2026-11-17", None, None, code="29463-7"),
    result("Body Height", 128.1, "cm", "2026-11-17", None, None, code="8302-2"),
]
SYSTOLIC = [
    result("Systolic Blood Pressure", value, "mm[Hg]", day, 90, 140, code="8480-6")
    for value, day in ((150, "2025-11-05"), (142, "2026-11-11"))
]
RESOLVED = "COVID-19 and pneumonia both resolved on 19 January 2026, whereas hypoxemia, which began on the same day as"


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (f"{RESOLVED} those two, remains active.", ILL),
        (f"{RESOLVED} the others, remains active.", ILL),
        ("She weighed 24.0 kg and measured 128.1 cm on 17 November 2026.", BODY),
        ("Weight 24 kg (Tue 17/11).", BODY[:1]),
        ("Both yearly systolic readings, 150 and 142, exceed the upper limit of 140.", SYSTOLIC),
    ],
)
def test_what_others_give_is_read(text: str, rows: list[Row]) -> None:
    assert not check(text, *rows).reasons


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (f"{RESOLVED} those three, remains active.", ILL),
        (f"{RESOLVED} those two, remains active.", APART),
        ("She weighed 24.0 kg and measured 182.1 cm on 17 November 2026.", BODY),
        ("Weight 24 kg (Fri 17/11).", BODY[:1]),
        ("Both yearly systolic readings, 150 and 142, exceed the upper limit of 145.", SYSTOLIC),
    ],
)
def test_what_others_do_not_give_is_flagged(text: str, rows: list[Row]) -> None:
    assert check(text, *rows).verdict is not Verdict.SUPPORTED


VISITS = [
    row("visit", **{"class": "EMER", "description": "Emergency room admission", "started_at": day}) for day in DAYS
]


@pytest.mark.parametrize(
    ("length", "flagged"), [("less than a year", False), ("less than a month", True), ("more than a year", True)]
)
def test_less_or_more_than_one_such_time_is_a_bound(length: str, flagged: bool) -> None:
    found = check(f"Two emergency visits lie {length} apart.", *VISITS)
    assert (found.verdict is not Verdict.SUPPORTED) is flagged
