"""COPY's text format."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from core.interchange import copy_text


def test_what_would_end_a_column_or_row_is_escaped() -> None:
    assert copy_text.line(("a\tb", 7, "c\\N\r\n")) == "a\\tb\t7\tc\\\\N\\r\\n\n"


def test_values_of_every_kind() -> None:
    values = (None, "", Decimal("7.10"), date(2024, 2, 29), datetime(2024, 2, 29, 8, 30, tzinfo=UTC), True)
    assert copy_text.line(values) == "\\N\t\t7.10\t2024-02-29\t2024-02-29 08:30:00+00:00\tTrue\n"
