"""What tables have, in words that can be compared; on every engine alike."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.models import Base


def rows_of(session: Session, table: str, *columns: str, where: Any = None) -> list[str]:
    """Every row of a table, or some columns of those that a condition lets through, sorted as texts."""
    of = Base.metadata.tables[table]
    query: Select[Any] = select(*(of.c[name] for name in columns)) if columns else select(of)
    if where is not None:
        query = query.where(where)
    return sorted(repr(tuple(row)) for row in session.execute(query))


def fingerprint(session: Session, table: str, *columns: str) -> str:
    """A hash of every row of a table, or of some columns."""
    digest = hashlib.sha256()
    for row in rows_of(session, table, *columns):
        digest.update(row.encode())
    return digest.hexdigest()
