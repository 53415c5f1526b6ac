"""Rows as COPY's text format, for values of any content."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from core import db

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def line(values: Iterable[Any]) -> str:
    """One row of texts, numbers, days, instants and nulls."""
    return "\t".join("\\N" if value is None else str(value).translate(_ESCAPES) for value in values) + "\n"


def load(session: Session, table: str, columns: Sequence[str], rows: Iterable[Iterable[Any]]) -> None:
    """Bulk-load rows in the session's transaction."""
    chunk = "".join(line(row) for row in rows).encode()
    if chunk:
        db.databases().adapter.copy_in(session.connection(), table, columns, [chunk])
