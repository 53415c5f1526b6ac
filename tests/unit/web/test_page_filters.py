"""How pages write dates, numbers and units."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from core.web import filters
from core.web.filters import Formats

HERE = Formats("Asia/Singapore")
LATE = datetime(2026, 11, 11, 16, 30, tzinfo=UTC)


def test_dates_are_those_of_the_clock_here() -> None:
    assert HERE.day(LATE) == "12 Nov 2026"
    assert HERE.weekday(LATE) == "Thursday"
    assert HERE.moment(LATE) == "12 Nov 2026, 00:30"
    assert HERE.iso_day(LATE) == "2026-11-12"
    assert HERE.year(datetime(2025, 12, 31, 20, 0, tzinfo=UTC)) == 2026
    assert HERE.day(date(2026, 3, 4)) == "4 Mar 2026"
    assert HERE.day(None) == HERE.moment(None) == ""
    # The birthday has begun here, and has not in Greenwich.
    assert HERE.age(date(2000, 11, 12), LATE) == 26


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Decimal("8.900000"), "8.9"),
        (Decimal("150.000000"), "150"),
        (Decimal("-0.50"), "−0.5"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0.000001"), "0.000001"),
        (Decimal(0), "0"),
        (None, ""),
    ],
)
def test_numbers_lose_nothing_but_zeros(value: Decimal | None, written: str) -> None:
    assert filters.number(value) == written


@pytest.mark.parametrize(
    ("code", "written"),
    [
        ("mm[Hg]", "mmHg"),
        ("{score}", ""),
        ("10*3/uL", "×10³/µL"),
        ("umol/L", "µmol/L"),
        ("ug/mL", "µg/mL"),
        ("mU/L", "mU/L"),
        ("{count}/uL", "/µL"),
        ("%", "%"),
        ("a", "years"),
        ("/a", "a year"),
        ("[pH]", ""),
        ("n/a", ""),
        (None, ""),
    ],
)
def test_units_are_written_as_people_do(code: str | None, written: str) -> None:
    assert filters.unit(code) == written


def test_age_counts_full_years() -> None:
    assert filters.age(date(1961, 3, 14), date(2026, 3, 13)) == 64
    assert filters.age(date(1961, 3, 14), date(2026, 3, 14)) == 65
    assert filters.age(date(2024, 2, 29), date(2025, 2, 28)) == 0


def test_ranges_and_counts_in_words() -> None:
    assert filters.usual(Decimal("4.0"), Decimal("6.0")) == "4–6"
    assert filters.usual(None, Decimal("1.7")) == "1.7 or less"
    assert filters.usual(Decimal(60), None) == "60 or more"
    assert filters.usual(None, None) == ""
    assert filters.plural(1, "visit") == "1 visit"
    assert filters.plural(1200, "visit") == "1,200 visits"
