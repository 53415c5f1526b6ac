"""All rows of one patient's record, hot and archived, a group at a time: a long record takes no more memory.

Nothing is left out in silence: where an archive does not answer, the reading ends with ColdUnavailable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, Table
from sqlalchemy.orm import Session

from core.models.record_types import VISIT
from core.queries.hidden_visits import NO_VISITS, VisitIds, is_visible
from core.queries.visits import CHILDREN
from core.stores import hot_and_archived
from core.stores.hot_and_archived import Cursor, Found

GROUP_VISITS = 100
GROUP_ROWS = 500
# Kinds of rows that stay hot, whatever they belong to.
KEPT_HOT = ("allergy", "statement")


@dataclass(frozen=True)
class Group:
    """Some visits, newest first, and the rows of each kind that belong to them; or rows that belong to no visit."""

    visits: Sequence[Found]
    children: Mapping[str, Sequence[Found]]


@dataclass(frozen=True)
class WholeReading:
    """One reading of one record, in one snapshot."""

    session: Session
    patient_id: int
    hidden_visits: VisitIds
    with_errors: bool

    def read(self, name: str, build: hot_and_archived.Build) -> list[Found]:
        if hot_and_archived.held(self.session, self.patient_id, VISIT.name) is None:
            return self.read_hot(name, build)
        return hot_and_archived.read_both(
            self.session, VISIT.name, name, build, patient_id=self.patient_id, with_errors=self.with_errors
        )

    def read_hot(self, name: str, build: hot_and_archived.Build) -> list[Found]:
        return hot_and_archived.read_hot(self.session, name, build, with_errors=self.with_errors)

    def mine(self, table: Table, columns: Select[Any]) -> Select[Any]:
        """The record's rows of a table."""
        return columns.where(table.c.patient_id == self.patient_id, is_visible(table, self.hidden_visits))


def groups(
    session: Session, patient_id: int, *, hidden_visits: VisitIds = NO_VISITS, with_errors: bool = False
) -> Iterator[Group]:
    """The record without hidden visits: visits, newest first, then what belongs to none.

    Rows entered in error are among it only if asked for. Raises ColdUnavailable.
    """
    reading = WholeReading(session, patient_id, hidden_visits, with_errors)
    seen: set[int] = set()
    for visits in _visits(reading):
        ids = {item.values["id"] for item in visits}
        seen |= ids
        yield Group(visits, {name: _children(reading, name, ids) for name in CHILDREN})
    for name in (*CHILDREN, *KEPT_HOT):
        yield from _outside(reading, name, frozenset(seen))


def _visits(reading: WholeReading) -> Iterator[list[Found]]:
    place: Cursor | None = None

    def build(table: Table, columns: Select[Any]) -> Select[Any]:
        query = reading.mine(table, columns)
        query = place.after(query, table, "started_at") if place is not None else query
        return query.order_by(table.c.started_at.desc(), table.c.id.desc()).limit(GROUP_VISITS)

    while found := _newest_first(reading.read("visit", build))[:GROUP_VISITS]:
        yield found
        place = Cursor(found[-1].values["started_at"], found[-1].values["id"])


def _newest_first(found: list[Found]) -> list[Found]:
    return sorted(found, key=lambda item: (item.values["started_at"], item.values["id"]), reverse=True)


def _children(reading: WholeReading, name: str, ids: set[int]) -> list[Found]:
    def build(table: Table, columns: Select[Any]) -> Select[Any]:
        return columns.where(table.c.patient_id == reading.patient_id, table.c.visit_id.in_(sorted(ids)))

    return sorted(reading.read(name, build), key=lambda item: item.values["id"])


def _outside(reading: WholeReading, name: str, seen: frozenset[int]) -> Iterator[Group]:
    """Hot rows that came with none of the visits: such a row never leaves the primary."""
    last = 0

    def build(table: Table, columns: Select[Any]) -> Select[Any]:
        query = reading.mine(table, columns).where(table.c.id > last)
        return query.order_by(table.c.id).limit(GROUP_ROWS)

    while found := reading.read_hot(name, build):
        last = found[-1].values["id"]
        left = [item for item in found if name in KEPT_HOT or item.values["visit_id"] not in seen]
        if left:
            yield Group((), {name: left})
