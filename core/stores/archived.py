"""Reads of archived rows through the database's own linked tables, on the replica's connection.

Hot is read first, then cold. A batch that is still moving, as the hot snapshot sees it, owns nothing in the archive
yet: its rows are all still hot. So the hot snapshot carries a window, and cold rows outside it are left out: each row
is seen exactly once, whatever step the move is in. A restored root is hot again while its copy stays in the archive
for readers with an older snapshot: newer ones leave it out too. A row that is in both all the same (one edited
during its move) is merged by id, and hot wins.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import BindParameter, ColumnElement, RowMapping, Select, Table, and_, bindparam, func, select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from core.models import Batch, BatchKind, BatchState, RestoredRoot
from core.models.record_types import BATCH_COLUMN, RECORD_TYPES, ROOT_COLUMNS
from core.stores import databases
from core.stores.databases import Store
from core.stores.outage import Breaker

log = logging.getLogger(__name__)


class ColdUnavailable(Exception):
    """An archive server did not answer in time; the rows are safe there, and can't be shown now."""

    def __init__(self, server: str, cause: str) -> None:
        super().__init__(f"archive server {server} is not answering ({cause})")
        self.server = server


@dataclass(frozen=True)
class Window:
    """The batches whose rows the archive owned when hot was read: those up to `last`, bar those still moving.

    A batch that was restored counts as moving until its copies are gone; `restored` are the ids of single roots.
    """

    last: int
    moving: tuple[int, ...]
    restored: tuple[int, ...] = ()


RowT = TypeVar("RowT")


def window(session: Session, record_type: str) -> Window:
    """What the archive owns as this session's snapshot sees it. Read it in the session that reads the hot rows."""
    batches = (Batch.record_type == record_type, Batch.kind != BatchKind.RESTORE)
    last = session.scalar(select(func.max(Batch.id)).where(*batches))
    settled = (BatchState.RELEASED, BatchState.PURGED)
    moving = session.scalars(select(Batch.id).where(*batches, Batch.state.not_in(settled)).order_by(Batch.id))
    unpurged = (RestoredRoot.record_type == record_type, RestoredRoot.purged_at.is_(None), RestoredRoot.by_id)
    restored = session.scalars(select(RestoredRoot.root_id).where(*unpurged).order_by(RestoredRoot.root_id))
    return Window(last or 0, tuple(moving), tuple(restored))


def visible(cold: Table, seen: Window) -> ColumnElement[bool]:
    """The condition on an archived table, linked or on its own server, that leaves out what the archive did not own."""
    batch = cold.c[BATCH_COLUMN]
    owned = batch <= seen.last
    if seen.moving:
        owned = and_(owned, batch.not_in(_written_out(seen.moving)))
    if seen.restored:
        owned = and_(owned, cold.c[ROOT_COLUMNS[cold.name]].not_in(_written_out(seen.restored)))
    return owned


def _written_out(ids: Sequence[int]) -> BindParameter[Any]:
    """In the statement's text: a server takes some thousand parameters, and there may be more of these."""
    return bindparam("ids", ids, expanding=True, literal_execute=True, unique=True)


breakers: dict[str, Breaker] = {record_type.server: Breaker() for record_type in RECORD_TYPES.values()}


def fetch(record_type: str, query: Select[Any], *, through: Store = Store.REPLICA) -> list[RowMapping]:
    """Run a query on linked tables. Raises ColdUnavailable soon when the archive, or the way to it, is silent."""
    server = RECORD_TYPES[record_type].server
    breaker = breakers[server]
    if breaker.refuses():
        raise ColdUnavailable(server, "it failed a moment ago")
    try:
        with databases.read_linked(through, server, databases.current().settings.cold_timeout_seconds) as session:
            rows = list(session.execute(query).mappings())
    except PoolTimeout as crowd:
        raise ColdUnavailable(server, "too many are reading it") from crowd
    except (OperationalError, InterfaceError) as fault:
        breaker.failed()
        log.warning("archive %s does not answer: %s", server, type(fault).__name__)
        raise ColdUnavailable(server, type(fault).__name__) from fault
    breaker.answered()
    return rows


def merge(hot: Iterable[RowT], cold: Iterable[RowT], *, key: Callable[[RowT], Any]) -> list[RowT]:
    """Hot rows, then those cold rows whose key no hot row has."""
    merged = list(hot)
    known = {key(row) for row in merged}
    return merged + [row for row in cold if key(row) not in known]
