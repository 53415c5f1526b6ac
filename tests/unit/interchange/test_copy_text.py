"""COPY's text format."""

from __future__ import annotations

from core.interchange import copy_text


def test_what_would_end_a_column_or_row_is_escaped() -> None:
    assert copy_text.line(("a\tb", 7, "c\\N\r\n")) == "a\\tb\t7\tc\\\\N\\r\\n\n"
