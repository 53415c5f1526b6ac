"""A patient's rows from the hot store and, on request, from the archive. Each row appears once; the hot one counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, Table, or_, select
from sqlalchemy.orm import Session

from core.models import Holding
from core.models.record_types import RECORD_TYPES
from core.stores import archived
from core.stores.tables import cold_columns, hot_table, linked_table

Build = Callable[[Table, Select[Any]], Select[Any]]
ColdTable = Callable[[str], Table]


@dataclass(frozen=True)
class Held:
    """What an archive holds for a patient: the number of roots, and the times of the first and the last."""

    roots: int
    first_at: datetime
    last_at: datetime
    server: str


@dataclass(frozen=True)
class Found:
    """One row and whether it came from the archive."""

    values: RowMapping
    is_archived: bool


class BadCursor(ValueError):
    """The address of a page names no place in the list."""


@dataclass(frozen=True)
class Cursor:
    """A place in a list that is ordered by time and id, newest first."""

    at: datetime
    id: int

    def __str__(self) -> str:
        return f"{self.at.isoformat()}_{self.id}"

    @classmethod
    def parse(cls, raw: str) -> Cursor:
        """From a page's address. Raises BadCursor."""
        at, _, row_id = raw.partition("_")
        try:
            parsed = cls(datetime.fromisoformat(at), int(row_id))
        except ValueError:
            raise BadCursor(raw) from None
        if parsed.at.tzinfo is None or not 0 <= parsed.id < 2**63:
            raise BadCursor(raw)
        return parsed

    def after(self, query: Select[Any], table: Table, time_column: str) -> Select[Any]:
        """The query, for only the rows that come after this place in the list."""
        time = table.c[time_column]
        return query.where(or_(time < self.at, (time == self.at) & (table.c.id < self.id)))


def held(session: Session, patient_id: int, record_type: str) -> Held | None:
    """What the archive holds for the patient, as the primary knows it: the archive is not asked."""
    row = session.get(Holding, (patient_id, record_type))
    return Held(row.roots, row.first_at, row.last_at, row.server) if row is not None and row.roots > 0 else None


def read_hot(session: Session, name: str, build: Build) -> list[Found]:
    """The hot rows that the query finds."""
    table = hot_table(name)
    return [Found(row, is_archived=False) for row in session.execute(build(table, select(table))).mappings()]


def read_archived(
    session: Session, record_type: str, name: str, build: Build, cold_table: ColdTable = linked_table
) -> list[Found]:
    """The archived rows that the query finds, as this session's snapshot sees the archive. Raises ColdUnavailable."""
    table = cold_table(name)
    owned = cold_columns(table).where(archived.visible(table, archived.window(session, record_type)))
    rows = archived.fetch(RECORD_TYPES[record_type].name, build(table, owned))
    return [Found(row, is_archived=True) for row in rows]


def read_both(
    session: Session, record_type: str, name: str, build: Build, cold_table: ColdTable = linked_table
) -> list[Found]:
    """Hot and archived rows, in no particular order. Raises ColdUnavailable."""
    found = read_hot(session, name, build)
    older = read_archived(session, record_type, name, build, cold_table)
    return archived.merge(found, older, key=lambda item: item.values["id"])
