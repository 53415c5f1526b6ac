"""A value against its range."""

from datetime import date
from decimal import Decimal

import pytest

from core.queries.reference_ranges import UsualRange, age_on, interpret

HBA1C = UsualRange(Decimal("4.0"), Decimal("6.0"), Decimal("3.0"), Decimal("12.0"))


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("2.9", "LL"),
        ("3.0", "L"),
        ("3.9", "L"),
        ("4.0", "N"),
        ("6.0", "N"),
        ("6.1", "H"),
        ("12.0", "H"),
        ("12.1", "HH"),
    ],
)
def test_both_ends_of_the_usual_range_are_usual(value: str, code: str) -> None:
    assert interpret(Decimal(value), HBA1C) == code


def test_a_range_may_have_one_side_or_none() -> None:
    assert interpret(Decimal(9), UsualRange(None, Decimal(5))) == "H"
    assert interpret(Decimal(1), UsualRange(None, Decimal(5))) == "N"
    assert interpret(Decimal(1), UsualRange(None, None)) is None
    assert interpret(Decimal(1), None) is None


def test_age_rises_on_the_birthday() -> None:
    assert age_on(date(2000, 2, 29), date(2026, 2, 28)) == 25
    assert age_on(date(2000, 2, 29), date(2026, 3, 1)) == 26
