"""Text of our own settings as SQL, for statements that take no parameters."""

from __future__ import annotations


def literal(value: str) -> str:
    """A text in quotes, its own doubled."""
    return "'" + value.replace("'", "''") + "'"
