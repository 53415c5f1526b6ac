"""Days that share a month or a year, listed: as many as values, each of its own."""

from __future__ import annotations

import pytest

from core.verification import Row, Verdict
from tests.unit.verification.made_rows import check, result

SATS = [
    result("Oxygen saturation in Arterial blood", value, "%", day, 94, 100, code="2708-6")
    for value, day in ((88.2, "2026-11-19"), (85.1, "2026-11-20"), (81.0, "2026-11-21"))
]
SYSTOLIC = [
    result("Systolic Blood Pressure", value, "mm[Hg]", day, 90, 120, code="8480-6")
    for value, day in ((117, "2024-11-05"), (119, "2025-11-11"), (128, "2026-11-17"))
]
PLATELETS = [
    result("Platelets [#/volume] in Blood by Automated count", value, "10*3/uL", day, 150, 400, code="777-3")
    for value, day in ((231.8, "2026-11-04"), (145.4, "2026-11-21"))
]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("Oxygen saturation was 88.2, 85.1 and 81.0 % on 19, 20 and 21 November 2026.", SATS),
        ("Oxygen saturation was 88.2 % and 85.1 % on the 19th and 20 November 2026.", SATS),
        ("Sats 88 → 85 → 81% (19, 20, 21 Nov)", SATS),
        ("Sys BP 117/119/128 in Nov 24, 25, 26 - going up", SYSTOLIC),
        ("Plt 232 → 145 (4 → 21 Nov 2026)", PLATELETS),
        ("Plt 232->145 in 17 days (4 -> 21 Nov), now low.", PLATELETS),
    ],
)
def test_each_value_is_of_its_own_day(text: str, rows: list[Row]) -> None:
    assert not check(text, *rows).reasons


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("Oxygen saturation was 85.1, 88.2 and 81.0 % on 19, 20 and 21 November 2026.", SATS),
        ("Oxygen saturation was 88.2, 85.1 and 81.0 % on 19, 20 and 22 November 2026.", SATS),
        ("Sats 88 → 85 → 81% (18, 20, 21 Nov)", SATS),
        ("Sys BP 117/119/128 in Nov 23, 24, 25 - going up", SYSTOLIC),
        ("Plt 232 → 145 (3 → 21 Nov 2026)", PLATELETS),
        ("Plt 232, 145 and 19, 20 Nov 2026", PLATELETS),
    ],
)
def test_another_day_in_the_list_is_flagged(text: str, rows: list[Row]) -> None:
    assert check(text, *rows).flagged


def test_a_list_of_days_is_no_list_of_values() -> None:
    found = check("Oxygen saturation was low on 19, 20 and 21 November 2026.", *SATS)
    assert found.verdict is Verdict.SUPPORTED


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Plt 232 -> 145, bed 7.", Verdict.NOT_ADDRESSED),
        ("Plt 232 -> 144.", Verdict.CONTRADICTED),
    ],
)
def test_a_bare_number_beside_all_cited_results_contradicts_nothing(text: str, verdict: Verdict) -> None:
    assert check(text, *PLATELETS).verdict is verdict
