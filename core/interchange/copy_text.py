"""Rows as COPY's text format, for text of any content."""

from __future__ import annotations

from collections.abc import Iterable

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def line(values: Iterable[str | int]) -> str:
    """One row; no value may be null."""
    return "\t".join(str(value).translate(_ESCAPES) for value in values) + "\n"
