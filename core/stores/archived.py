"""Reads of archived rows through the database's own linked tables, on the replica's connection.

A reader reads the hot rows first, then the archive. While a batch still moves, as the hot snapshot sees it, all of its
rows are hot, and the archive's copies must not count yet. So the hot snapshot gives a window, and a read of the archive
leaves out the rows outside the window: the reader sees each row exactly once, whatever step the move is in. A restored
root is hot again while its copy stays in the archive for readers with an older snapshot; newer readers leave the copy
out. A row that is in both places all the same, because somebody edited the row during its move, is merged by its id:
the hot row counts.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    RowMapping,
    Select,
    Table,
    and_,
    func,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from core.engines.functions import written_out
from core.metrics import counters
from core.models import Batch, BatchKind, BatchState, RestoredRoot
from core.models.record_types import BATCH_COLUMN, RECORD_TYPES, ROOT_COLUMNS
from core.stores import databases
from core.stores.databases import Store
from core.stores.outage import Breaker
from core.stores.tables import linked_table

log = logging.getLogger(__name__)


# How a read of an archive ended, as figures count it.
ANSWERED, SILENT = "archived", "archive silent"


class ColdUnavailable(Exception):
    """An archive server did not answer in time. Its rows are safe, but nobody can see them now."""

    def __init__(self, server: str, cause: str) -> None:
        super().__init__(f"archive server {server} is not answering ({cause})")
        self.server = server


@dataclass(frozen=True)
class Window:
    """The batches whose rows counted as archived when the hot rows were read: up to `last`, without `moving`.

    A restored batch counts as moving until its copies are gone. `restored` holds the ids of roots restored one by one.
    """

    last: int
    moving: tuple[int, ...]
    restored: tuple[int, ...] = ()


RowT = TypeVar("RowT")


def window(session: Session, record_type: str) -> Window:
    """What counts as archived in this session's snapshot. Call this in the session that reads the hot rows."""
    found: dict[str, list[int]] = {"last": [], "moving": [], "restored": []}
    for what, row_id in session.execute(window_query(record_type)):
        found[what].append(row_id)
    (last,) = found["last"]
    return Window(last or 0, tuple(sorted(found["moving"])), tuple(sorted(found["restored"])))


@cache
def window_query(record_type: str) -> CompoundSelect[Any]:
    """What `window` asks: rows of a word and an id. One statement, made once, since each read of an archive asks it."""
    batch, restored = Batch.__table__.c, RestoredRoot.__table__.c
    batches = (batch.record_type == record_type, batch.kind != BatchKind.RESTORE)
    settled = (BatchState.RELEASED, BatchState.PURGED)
    unpurged = (restored.record_type == record_type, restored.purged_at.is_(None), restored.by_id)
    return union_all(
        select(literal_column("'last'"), func.max(batch.id)).where(*batches),
        select(literal_column("'moving'"), batch.id).where(*batches, batch.state.not_in(settled)),
        select(literal_column("'restored'"), restored.root_id).where(*unpurged),
    )


def visible(cold: Table, seen: Window) -> ColumnElement[bool]:
    """The condition on an archived table, linked or on its own server, that leaves out rows outside the window."""
    batch = cold.c[BATCH_COLUMN]
    owned = batch <= seen.last
    if seen.moving:
        owned = and_(owned, batch.not_in(written_out(seen.moving)))
    if seen.restored:
        owned = and_(owned, cold.c[ROOT_COLUMNS[cold.name]].not_in(written_out(seen.restored)))
    return owned


breakers: dict[str, Breaker] = {record_type.server: Breaker() for record_type in RECORD_TYPES.values()}


def fetch(
    record_type: str,
    query: Select[Any],
    *,
    through: Store = Store.REPLICA,
    seconds: float | None = None,
    asks_first: bool = True,
) -> list[RowMapping]:
    """Run a query on linked tables. Raises ColdUnavailable soon if the archive, or the way to it, does not answer.

    A heavy query may take `seconds`, more than a page waits: whether the archive answers at all is asked first, as a
    page does, unless the caller had an answer of it just now (`asks_first` false). If its time is too short, pages
    still ask this archive.
    """
    if seconds is not None and asks_first:
        _ask(record_type, select(linked_table(RECORD_TYPES[record_type].root.name).c.id).limit(1), through, None)
    rows = _ask(record_type, query, through, seconds)
    counters.read(RECORD_TYPES[record_type].server, ANSWERED)
    return rows


def _ask(record_type: str, query: Select[Any], through: Store, seconds: float | None) -> list[RowMapping]:
    server = RECORD_TYPES[record_type].server
    breaker = breakers[server]
    if breaker.refuses():
        counters.read(server, SILENT)
        raise ColdUnavailable(server, "it failed a moment ago")
    limit = databases.current().settings.cold_timeout_seconds if seconds is None else seconds
    try:
        with databases.read_linked(through, server, limit) as session:
            rows = list(session.execute(query).mappings())
    except PoolTimeout as crowd:
        raise ColdUnavailable(server, "too many are reading it") from crowd
    except (OperationalError, InterfaceError) as fault:
        if seconds is None:
            breaker.failed()
        counters.read(server, SILENT)
        log.warning("archive %s does not answer: %s", server, type(fault).__name__)
        raise ColdUnavailable(server, type(fault).__name__) from fault
    breaker.answered()
    return rows


def merge(hot: Iterable[RowT], cold: Iterable[RowT], *, key: Callable[[RowT], Any]) -> list[RowT]:
    """Hot rows, then those cold rows whose key no hot row has."""
    merged = list(hot)
    known = {key(row) for row in merged}
    return merged + [row for row in cold if key(row) not in known]
