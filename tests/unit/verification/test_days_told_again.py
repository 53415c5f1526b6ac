"""A distance right behind a day tells that day again, from the one before it; a rate is no count of rows."""

from __future__ import annotations

import pytest

from core.verification import Row, Verdict
from tests.unit.verification.made_rows import ANY_FLAG, check, result, row

STAY = [
    row("visit", **{"class": "EMER"}, description="Emergency room admission", reason="Hip fracture",
        started_at="2025-06-07T10:00:00Z", ended_at="2025-06-07T11:00:00Z"),
    row("visit", **{"class": "IMP"}, description="Rehabilitation", reason="Hip fracture",
        started_at="2025-07-12T10:00:00Z", ended_at="2025-07-13T10:00:00Z"),
]  # fmt: skip
FERRITIN = [
    result("Ferritin", value, "ng/mL", day, 30, 300, code="2276-4")
    for value, day in ((18.0, "2022-01-10"), (40.0, "2022-04-11"))
]
BREATHS = [result("Respiratory rate", 27, "/min", "2025-06-07", 12, 20, code="9279-1")]

RIGHT = [
    ("Hip fracture 7 June 2025, rehabilitation 12 July, five weeks later.", STAY),
    ("Hip fracture on 7 June 2025, rehabilitation on 12-13 July 2025, 5 weeks later.", STAY),
    ("Hip fracture 7 June 2025, rehabilitation 12\u201313 July, 36 days later.", STAY),
    ("Ferritin was 18 on 10 January 2022 and 40 on 11 April 2022, three months later.", FERRITIN),
    ("Ferritin was 18 on 10 January 2022 and 40 three months later.", FERRITIN),
    ("She was breathing 27 times a minute on 7 June 2025.", BREATHS),
    ("Breathing 27 times per minute on 7 June 2025, above the range.", BREATHS),
    ("Respiratory rate 27 times/min.", BREATHS),
]
WRONG = [
    ("Hip fracture 7 June 2025, rehabilitation 12 July, three weeks later.", STAY),
    ("Hip fracture 7 June 2025, rehabilitation 12\u201313 July, five weeks earlier.", STAY),
    ("Hip fracture 7 June 2025, rehabilitation 22 July, five weeks later.", STAY),
    ("Ferritin was 18 on 10 January 2022 and 40 on 11 April 2022, three years later.", FERRITIN),
    ("She was breathing 17 times a minute on 7 June 2025.", BREATHS),
]


@pytest.mark.parametrize(("text", "rows"), RIGHT)
def test_right_sentences_are_supported(text: str, rows: list[Row]) -> None:
    assert check(text, *rows).verdict is Verdict.SUPPORTED


@pytest.mark.parametrize(("text", "rows"), WRONG)
def test_wrong_ones_are_flagged(text: str, rows: list[Row]) -> None:
    assert check(text, *rows).verdict in ANY_FLAG
