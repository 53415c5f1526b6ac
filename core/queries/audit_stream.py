"""Access events of all tiers as one stream of plain rows, by id, in little memory."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, Table, select
from sqlalchemy.orm import Session

from core.audit.chain import CHAINED
from core.models import AccessEvent
from core.stores import archived, databases, replica_reads
from core.stores.databases import Store
from core.stores.tables import linked_table

# A row: its id, what is chained, the hash.
COLUMNS = ("id", *CHAINED, "hash")
EventRow = tuple[Any, ...]

PAGE_ROWS = 5_000
STREAM_TIMEOUT_SECONDS = 300
# For a span of archived events. A page, which waits less, does not ask for as many.
SPAN_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True)
class Part:
    """Which events: from `since` to before `until`, of one patient; None asks for all."""

    since: datetime | None = None
    until: datetime | None = None
    patient_id: int | None = None


ALL = Part()


@contextmanager
def snapshot() -> Iterator[Session]:
    """A snapshot on the replica for `stream`, as recent as this call. Raises ReplicaBehind."""
    replica_reads.await_replica()
    with databases.read(Store.REPLICA, statement_timeout_seconds=STREAM_TIMEOUT_SECONDS) as session:
        yield session


def stream(session: Session, part: Part = ALL) -> Iterator[EventRow]:
    """Hot events of this session's snapshot and archived ones, by id; an event that is the same in both comes once.

    A writer's events have ids in the order of its chain. Raises ColdUnavailable if the archive is silent.
    """
    window = archived.window(session, "log")
    previous: EventRow = ()
    for row in heapq.merge(_hot(session, part), _cold(window, part), key=itemgetter(0)):
        if row != previous:
            yield row
        previous = row


def _hot(session: Session, part: Part) -> Iterator[EventRow]:
    table = AccessEvent.__table__
    assert isinstance(table, Table)  # noqa: S101
    query = (
        select(*(table.c[name] for name in COLUMNS))
        .where(*_whose(table, part), *_when(table, part))
        .order_by(table.c.id)
    )
    for rows in session.execute(query.execution_options(yield_per=PAGE_ROWS)).partitions():
        yield from map(tuple, rows)


def _cold(window: archived.Window, part: Part) -> Iterator[EventRow]:
    """Archived events, one span of ids after the other: each query stays short even if few events of a span fit."""
    if not window.last:
        return
    table = linked_table("access_event")
    seen = [archived.visible(table, window), *_whose(table, part)]
    columns = [table.c[name] for name in COLUMNS]
    first = 0
    while True:
        following = _fetch(select(table.c.id).where(table.c.id >= first, *seen).order_by(table.c.id).limit(1))
        if not following:
            return
        first, last = following[0]["id"], following[0]["id"] + PAGE_ROWS
        within = (table.c.id >= first, table.c.id < last, *seen, *_when(table, part))
        for row in _fetch(select(*columns).where(*within).order_by(table.c.id)):
            yield tuple(row.values())
        first = last


def _fetch(query: Select[Any]) -> list[RowMapping]:
    return archived.fetch("log", query, seconds=SPAN_TIMEOUT_SECONDS)


def _whose(table: Table, part: Part) -> list[ColumnElement[bool]]:
    return [] if part.patient_id is None else [table.c.patient_id == part.patient_id]


def _when(table: Table, part: Part) -> list[ColumnElement[bool]]:
    conditions = []
    if part.since is not None:
        conditions.append(table.c.at >= part.since)
    if part.until is not None:
        conditions.append(table.c.at < part.until)
    return conditions
