"""COPY's text, read back: as PostgreSQL writes it, and as it is written here."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Boolean, Date, DateTime, LargeBinary, Numeric, Text

from core.engines.copy_text import read, write

TYPES = (BigInteger(), Boolean(), Date(), DateTime(timezone=True), LargeBinary(), Numeric(18, 6), Text())
WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
ROWS = st.tuples(
    st.none() | st.integers(-(2**63), 2**63 - 1),
    st.none() | st.booleans(),
    st.none() | st.dates(),
    st.none() | st.datetimes(timezones=st.just(UTC)),
    st.none() | st.binary(),
    st.none() | st.decimals(-(10**11), 10**11, places=6),
    st.none() | WORDS | st.sampled_from(["\\N", "\\.", "\t\n\r\\", "a\\tb"]),
)


@given(st.lists(ROWS), st.integers(1, 50))
def test_rows_come_back_however_they_are_cut(rows: list[tuple[Any, ...]], size: int) -> None:
    whole = b"".join(write(rows))
    parts = [whole[start : start + size] for start in range(0, len(whole), size)]
    assert [tuple(row) for row in read(parts, TYPES)] == rows


def test_it_is_read_as_postgresql_writes_it() -> None:
    line = b"7\tt\t2026-03-01\t2026-03-01 07:30:00.12+00\t\\\\x00ff\t7.250000\ttwo\\nlines \\\\N\n"
    instant = datetime(2026, 3, 1, 7, 30, 0, 120_000, UTC)
    assert list(read([line], TYPES)) == [
        [7, True, date(2026, 3, 1), instant, b"\x00\xff", Decimal("7.25"), "two\nlines \\N"]
    ]


def test_a_row_that_is_cut_off_is_no_row() -> None:
    with pytest.raises(ValueError, match="cut off"):
        list(read([b"7\tt"], TYPES[:2]))
