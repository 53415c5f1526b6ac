"""What a change says by the test's own verb: "2.3 kg lighter"; and decimals, which count nothing."""

from __future__ import annotations

import pytest

from core.verification import Verdict
from tests.unit.verification.made_rows import check, hba1c, result

WEIGHTS = [
    result("Body weight", value, "kg", day, code="29463-7")
    for value, day in ((68.2, "2026-05-11"), (65.9, "2026-09-14"))
]
HEIGHTS = [
    result("Body height", value, "cm", day, code="8302-2")
    for value, day in ((120.0, "2025-05-11"), (127.0, "2026-09-14"))
]
READINGS = [
    hba1c(value, day)
    for value, day in ((5.8, "2022-10-15"), (6.1, "2023-04-01"), (6.2, "2024-10-19"), (6.0, "2026-10-24"))
]


@pytest.mark.parametrize(
    "text", ["Now 65.9 kg, 2.3 kg lighter than in May 2026.", "2.3 kg lighter than in May 2026.", "2.3 kg lighter."]
)
def test_a_change_by_the_verb_of_the_test_is_no_value(text: str) -> None:
    assert check(text, *WEIGHTS).verdict is Verdict.SUPPORTED


def test_a_change_beside_one_of_something_else_is_not_contradicted() -> None:
    assert check("2.3 kg lighter since the dose went up.", *WEIGHTS).verdict is not Verdict.CONTRADICTED


@pytest.mark.parametrize(
    "text",
    [
        "2.3 kg heavier than in May 2026.",
        "3.2 kg lighter than in May 2026.",
        "Now 65.9 kg, 3.2 kg lighter than in May 2026.",
        "Now 66.9 kg, 2.3 kg lighter than in May 2026.",
        "2.3 kg heavier since the dose went up.",
        "9.9 kg lighter since the dose went up.",
    ],
)
def test_another_change_is_not_supported(text: str) -> None:
    assert check(text, *WEIGHTS).verdict is not Verdict.SUPPORTED


def test_a_child_is_taller_by_what_the_rows_hold() -> None:
    assert check("7 cm taller than in May 2025.", *HEIGHTS).verdict is Verdict.SUPPORTED
    assert check("9 cm taller than in May 2025.", *HEIGHTS).verdict is not Verdict.SUPPORTED


def test_a_decimal_at_the_latest_check_counts_no_checks() -> None:
    text = "HbA1c 5.8 in Oct 2022, then 6.1, 6.2 and 6.0 at the latest check."
    assert check(text, *READINGS).verdict is Verdict.SUPPORTED
    assert check(text.replace("6.0", "6.3"), *READINGS).verdict is not Verdict.SUPPORTED
