"""Which typed values are refused, which are asked about, and which are kept at once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.interchange.usual_ranges import RANGES
from core.queries.reference_ranges import UsualRange
from core.queries.visit_form import AssayChoice
from core.services import plausibility
from core.services.plausible_bounds import BOUNDS

SODIUM = AssayChoice(1, "2951-2", "Sodium", "mmol/L", "laboratory", UsualRange(*map(Decimal, (135, 145, 120, 160))))
GLUCOSE = AssayChoice(2, "2345-7", "Glucose", "mg/dL", "laboratory", UsualRange(*map(Decimal, (70, 140, 45, 450))))
UNKNOWN = AssayChoice(3, "1-1", "New test", None, "laboratory", None)


@pytest.mark.parametrize(
    ("assay", "value", "last", "asked"),
    [
        (GLUCOSE, "98", None, False),
        (GLUCOSE, "5.5", "98", True),
        (GLUCOSE, "5.5", None, True),
        (GLUCOSE, "460", "451", False),
        (GLUCOSE, "460", "440", True),
        (GLUCOSE, "460", None, True),
        (GLUCOSE, "98", "460", False),
        (SODIUM, "110", "139", True),
        (UNKNOWN, "30", "9", True),
        (UNKNOWN, "30", None, False),
        (UNKNOWN, "0", "0", False),
        (UNKNOWN, "-4", "4", True),
    ],
)
def test_what_surprises_is_asked_about(assay: AssayChoice, value: str, last: str | None, asked: bool) -> None:
    said = plausibility.question(assay, Decimal(value), Decimal(last) if last else None)
    assert (said is not None) == asked


@pytest.mark.parametrize(("value", "refused"), [("80", False), ("79.9", True), ("220", False), ("220.1", True)])
def test_both_bounds_are_allowed(value: str, refused: bool) -> None:
    assert (plausibility.impossible(SODIUM, Decimal(value)) is not None) == refused


def test_a_test_without_bounds_refuses_nothing() -> None:
    assert plausibility.impossible(UNKNOWN, Decimal(10) ** 11) is None


def test_bounds_lie_beyond_every_usual_and_critical_value() -> None:
    for key, (low, high) in BOUNDS.items():
        assert low < high, key
        for usual in RANGES.get(key, ()):
            known = [side for side in vars(usual.bounds()).values() if side is not None]
            assert all(low <= side <= high for side in known), key
