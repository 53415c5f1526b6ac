"""A patient's rows from the hot store and, on request, from the archive. Each row appears once; the hot one counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Row, RowMapping, Select, Table, literal, or_, select, true, union_all
from sqlalchemy.orm import Session

from core.models.record_types import RECORD_TYPES
from core.stores import archived, counted
from core.stores.once import once
from core.stores.prepared import PATIENT, rows
from core.stores.tables import cold_columns, hot_table, linked_table

Build = Callable[[Table, Select[Any]], Select[Any]]
ColdTable = Callable[[str], Table]
KeyT = TypeVar("KeyT")

# The time by which a visit becomes cold is that of its end.
VISIT_MAX = timedelta(days=60)


@dataclass(frozen=True)
class Held:
    """What an archive holds for a patient: how many roots a page may show, and the times of the first and the last.

    Of visits the times are their starts, of reports only signed ones count. Not so if not `is_exact`: then nobody has
    looked yet, every root counts, and times are those by which roots become cold.
    """

    roots: int
    first_at: datetime
    last_at: datetime
    server: str
    is_exact: bool = True

    @property
    def begins_at(self) -> datetime:
        """No root is shown at an earlier time."""
        return self.first_at if self.is_exact else self.first_at - VISIT_MAX


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
    row = once(session, ("holdings", patient_id), lambda: _holdings(session, patient_id)).get(record_type)
    if row is None or row.roots <= 0 or row.shown_roots == 0:
        return None
    if None in (row.shown_roots, row.shown_first_at, row.shown_last_at):
        return Held(row.roots, row.first_at, row.last_at, row.server, is_exact=False)
    return Held(row.shown_roots, row.shown_first_at, row.shown_last_at, row.server)


def _holdings(session: Session, patient_id: int) -> dict[str, Row[Any]]:
    """By record type: a page that asks for one mostly asks for another."""
    return {row.record_type: row for row in rows(session, _of_patient(), patient=patient_id)}


@cache
def _of_patient() -> Select[Any]:
    table = hot_table("holding")
    return select(table).where(table.c.patient_id == PATIENT)


def that_find_any(session: Session, queries: Mapping[KeyT, Select[Any]]) -> frozenset[KeyT]:
    """Those of several queries that find a row, asked at once: most records have nothing of most kinds."""
    keys = list(queries)
    asked = [
        select(literal(number).label("number")).where(query.order_by(None).limit(None).exists())
        for number, query in enumerate(queries.values())
    ]
    return frozenset(keys[number] for number in session.scalars(union_all(*asked))) if asked else frozenset()


def hot_query(name: str, build: Build, *, with_errors: bool = False) -> Select[Any]:
    """What `read_hot` asks."""
    table = hot_table(name)
    return build(table, select(table)).where(true() if with_errors else counted.counts(table))


def read_hot(session: Session, name: str, build: Build, *, with_errors: bool = False) -> list[Found]:
    """The hot rows that the query finds; those entered in error only if asked."""
    query = hot_query(name, build, with_errors=with_errors)
    return [Found(row, is_archived=False) for row in session.execute(query).mappings()]


def read_archived(
    session: Session,
    record_type: str,
    name: str,
    build: Build,
    *,
    patient_id: int,
    with_errors: bool = False,
    cold_table: ColdTable = linked_table,
) -> list[Found]:
    """The patient's archived rows that the query finds, as this session's snapshot sees the archive.

    What counts is told by the hot corrections: a move takes none along. Raises ColdUnavailable.
    """
    table = cold_table(name)
    window = once(session, ("window", record_type), lambda: archived.window(session, record_type))
    owned = cold_columns(table).where(archived.visible(table, window))
    if not with_errors and name in counted.TABLES:
        owned = owned.where(counted.entered_in_error(session, [patient_id]).counts(table))
    rows = archived.fetch(RECORD_TYPES[record_type].name, build(table, owned))
    return [Found(row, is_archived=True) for row in rows]


def read_both(
    session: Session,
    record_type: str,
    name: str,
    build: Build,
    *,
    patient_id: int,
    with_errors: bool = False,
    cold_table: ColdTable = linked_table,
) -> list[Found]:
    """A patient's hot and archived rows, in no particular order. Raises ColdUnavailable."""
    found = read_hot(session, name, build, with_errors=with_errors)
    older = read_archived(
        session, record_type, name, build, patient_id=patient_id, with_errors=with_errors, cold_table=cold_table
    )
    return archived.merge(found, older, key=lambda item: item.values["id"])
