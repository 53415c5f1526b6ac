"""Single values from outside."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from core.interchange import source_values as values
from core.interchange.source_values import BadValue


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("Maude482 Wunsch504", "Maude Wunsch"),
        ("Jorge Luis88 Vela532", "Jorge Luis Vela"),
        ("Silvia880 Farías160", "Silvia Farías"),
        ("Víctor493 O'Reilly797", "Víctor O'Reilly"),
        ("Ng Ah 3", "Ng Ah 3"),
    ],
)
def test_names_lose_their_digits_and_keep_their_accents(raw: str, shown: str) -> None:
    assert values.display_name(raw) == shown


@pytest.mark.parametrize(
    ("raw", "at"),
    [
        ("2022-02-27T20:19:58Z", datetime(2022, 2, 27, 20, 19, 58, tzinfo=UTC)),
        ("2008-08-19T14:43:26.965-07:00", datetime(2008, 8, 19, 21, 43, 26, tzinfo=UTC)),
        ("2024-02-29", datetime(2024, 2, 29, tzinfo=UTC)),
    ],
)
def test_instants_come_out_in_utc_to_the_second(raw: str, at: datetime) -> None:
    assert values.instant(raw, "START").isoformat() == at.isoformat()


@pytest.mark.parametrize(
    "raw", ["", "yesterday", "2023-02-30T00:00:00Z", "0001-01-01", "9999-12-31T00:00:00Z", 20200101]
)
def test_no_instant(raw: object) -> None:
    with pytest.raises(BadValue, match="START"):
        values.instant(raw, "START")


def test_a_day_is_the_day_that_was_written() -> None:
    assert values.day("2008-08-19T23:43:26-07:00", "onset") == date(2008, 8, 19)


@pytest.mark.parametrize("raw", ["2023-02-29", "2023-13-01", "20230101T", "12/31/2023"])
def test_no_day(raw: str) -> None:
    with pytest.raises(BadValue, match="onset"):
        values.day(raw, "onset")


@pytest.mark.parametrize(("raw", "number"), [("7.10", "7.1"), ("-0.5", "-0.5"), ("1e3", "1000"), (" 36.6 ", "36.6")])
def test_numbers(raw: str, number: str) -> None:
    assert values.number(raw, "VALUE") == Decimal(number)


@pytest.mark.parametrize("raw", ["", "NaN", "Infinity", "-inf", "1e30", "1_000", "seven", "7,1", "\x007"])
def test_no_number(raw: str) -> None:
    with pytest.raises(BadValue, match="VALUE"):
        values.number(raw, "VALUE")


@pytest.mark.parametrize("raw", ["a\x00b", "half \ud800 of a pair", "x" * 401, 7])
def test_text_that_can_not_be_kept(raw: object) -> None:
    with pytest.raises(BadValue, match="DESCRIPTION"):
        values.text(raw, 400, "DESCRIPTION")


def test_hostile_text_is_data() -> None:
    hostile = "<script>alert(1)</script> '; DROP TABLE patient; --"
    assert values.text(hostile, 400, "DESCRIPTION") == hostile


@pytest.mark.parametrize("mark", ["\u202e", "\u2067", "\u200f", "\u200b", "\ufeff", "\u00ad"])
def test_marks_that_nobody_sees_are_left_out(mark: str) -> None:
    assert values.text(f"Metformin {mark}005 mg", 400, "DESCRIPTION") == "Metformin 005 mg"
    assert values.text(mark, 400, "DESCRIPTION") is None


def test_joiners_of_tamil_letters_stay() -> None:
    assert values.text("க்\u200dஷ", 400, "NAME") == "க்\u200dஷ"


def test_blanks_left_by_lost_commas_become_one() -> None:
    assert values.text("WELLSPRING THERAPY  INC", 200, "NAME") == "WELLSPRING THERAPY INC"
