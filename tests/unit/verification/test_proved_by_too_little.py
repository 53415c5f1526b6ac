"""Wrong sentences that code once proved: of each kind the right one is borne out, and the wrong one is not."""

from __future__ import annotations

import pytest

from core.verification import Row, Verdict
from tests.unit.verification.made_rows import check, condition, result, row

ILL = condition("Sprain of ankle", "2024-02-11", "2024-03-23")
SATS = row(
    "observation", name="Oxygen saturation in Arterial blood", code="2708-6", value=79, unit="%", ref_low=94,
    ref_high=100, interpretation="LL", observed_at="2025-12-15T02:00:00Z",
)  # fmt: skip
HB = result("Hemoglobin", 15.8, "g/dL", "2025-07-03", 11.0, 15.5, code="718-7")
GLUCOSE = result("Glucose", 66.9, "mg/dL", "2026-09-19", 70.0, 140.0, code="2345-7")
EGGS = row("allergy", substance="Eggs (edible) (substance)", status="active", recorded_on="2020-01-01")
NUTS = row("allergy", substance="Nuts", reaction="Hives", status="active", recorded_on="2020-01-01")
SPAN = "from 11 February 2024 to 23 March 2024"


@pytest.mark.parametrize(
    ("text", "row", "is_borne"),
    [
        (f"Sprain of ankle was recorded {SPAN} and is resolved.", ILL, True),
        (f"Sprain of ankle was active {SPAN}.", ILL, True),
        (f"Sprain of ankle was recorded {SPAN} and is active.", ILL, False),
        (f"Sprain of ankle was present {SPAN}, active.", ILL, False),
        (f"Sprain of ankle was present {SPAN}, not resolved.", ILL, False),
        ("Sats 79% on 15/12/25, critically low.", SATS, True),
        ("Sats 79% on 15/12/25, critically high.", SATS, False),
        ("Hb 15.8 (Jul 25), just over upper limit of 15.5.", HB, True),
        ("Hb 15.8 (Jul 25), just over lower limit of 15.5.", HB, False),
        ("Glucose 66.9 on 19/9/26, just below lower limit of 70.", GLUCOSE, True),
        ("Glucose 66.9 on 19/9/26, just below lower limit of 140.", GLUCOSE, False),
        ("Glucose 66.9 on 19/9/26, just below upper limit of 70.", GLUCOSE, False),
        ("Eggs on the allergy list without a reaction.", EGGS, True),
        ("Eggs on the allergy list with a reaction.", EGGS, False),
        ("Eggs - known reaction on file.", EGGS, False),
        ("Allergic reaction to nuts: hives.", NUTS, True),
        ("Nuts on the allergy list with a reaction.", NUTS, True),
    ],
)
def test_only_what_the_row_says_is_borne_out(text: str, row: Row, is_borne: bool) -> None:
    assert (check(text, row).verdict is Verdict.SUPPORTED) is is_borne
