"""Bulk-loads rows of values of any content."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from core.engines.copy_text import line
from core.models import Base
from core.stores import databases


def load(session: Session, table: str, columns: Sequence[str], rows: Iterable[Iterable[Any]]) -> None:
    """Bulk-load rows in the session's transaction."""
    chunk = "".join(line(row) for row in rows).encode()
    if chunk:
        databases.current().adapter.loading.copy_in(session.connection(), Base.metadata.tables[table], columns, [chunk])
