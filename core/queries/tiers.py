"""The state of each server, and how much of the primary is cold. Counts and times, never a patient's data."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core.archiving.eligible import may_move
from core.models import Base, utc_now
from core.models.record_types import RECORD_TYPES, RecordType, archive_table
from core.queries.tier_watch import Tier, TierWatch
from core.stores import databases
from core.stores.databases import Store
from core.stores.replica_watch import watch

PROBE_SECONDS = 2.0
# Just after a sweep the oldest row is behind a million index entries of rows that are gone; it is worth no waiting.
OLDEST_SECONDS = 1.0
COUNT_SECONDS = 5.0
COUNT_MAX = 10_000
DAY_SECONDS = 86_400.0


@dataclass(frozen=True)
class ColdCount:
    """How many roots of one record type a run started now would move, and the instant before which they are cold.

    Counted up to COUNT_MAX; `is_more` tells that there are more. `oldest_at` is the oldest closed root that is still on
    the primary, for whatever reason.
    """

    record_type: str
    cutoff_at: datetime
    roots: int
    is_more: bool
    oldest_at: datetime | None


def cold_now(session: Session) -> tuple[ColdCount, ...]:
    """What is cold on the primary now, except rows under a legal hold and rows that were restored.

    This is a heavy read: give it a session on the replica.
    """
    now = utc_now()
    databases.current().adapter.limits.limit_statements(session.connection(), COUNT_SECONDS)
    return tuple(_cold(session, kind, now) for kind in RECORD_TYPES.values())


def _cold(session: Session, kind: RecordType, now: datetime) -> ColdCount:
    cutoff_at = kind.cutoff(now, databases.current().settings)
    some = select(kind.root.c.id).where(may_move(kind, cutoff_at)).limit(COUNT_MAX + 1).subquery()
    count = session.scalar(select(func.count()).select_from(some)) or 0
    oldest = select(func.min(kind.root.c[kind.time_column]))
    return ColdCount(kind.name, cutoff_at, min(count, COUNT_MAX), count > COUNT_MAX, session.scalar(oldest))


def days_overdue(session: Session) -> float:
    """Days since the oldest root that a run would move became cold, over all record types; 0 if there is none.

    It counts nothing: two million cold roots are told as soon as one.
    """
    now, settings = utc_now(), databases.current().settings
    databases.current().adapter.limits.limit_statements(session.connection(), COUNT_SECONDS)
    late = [0.0]
    for kind in RECORD_TYPES.values():
        cutoff_at, time_column = kind.cutoff(now, settings), kind.root.c[kind.time_column]
        oldest = select(time_column).where(may_move(kind, cutoff_at)).order_by(time_column).limit(1)
        oldest_at = session.scalar(oldest)
        if oldest_at is not None:
            late.append((cutoff_at - oldest_at).total_seconds() / DAY_SECONDS)
    return max(late)


def health() -> tuple[Tier, ...]:
    """Every server asked at once: primary, replica, then the archives. A silent one keeps no page for long."""
    with ThreadPoolExecutor(len(_watches)) as pool:
        return tuple(pool.map(TierWatch.latest, _watches))


def forget() -> None:
    """Ask every server again at the next use. For tests, which break and repair servers faster than pages come."""
    for one in _watches:
        one.forget()


Figures = dict[str, int | float | datetime | str | None]
Look = Callable[[Connection], Figures]


class Oldest(NamedTuple):
    """The column whose least value is a server's oldest row, and what that row is."""

    what: str
    column: Column[Any]


def _watch(store: Store, title: str, look: Look, oldest: Oldest | None = None) -> TierWatch:
    return TierWatch(store, title, lambda: _probe(store, title, look, oldest))


def _watch_of(kind: RecordType) -> TierWatch:
    oldest = Oldest(kind.name.replace("log", "event"), archive_table(kind.root).c[kind.time_column])
    return _watch(Store(kind.server), f"Archive: {kind.server}", _size, oldest)


def _probe(store: Store, title: str, look: Look, oldest: Oldest | None = None) -> Tier:
    started = time.monotonic()
    try:
        with databases.read(store, PROBE_SECONDS) as session:
            session.execute(text("SELECT 1"))
            milliseconds = (time.monotonic() - started) * 1000
            figures = look(session.connection())
    except SQLAlchemyError as fault:
        return Tier(store, title, up=False, cause=type(fault).__name__)
    return Tier(store, title, up=True, milliseconds=milliseconds, **figures, **_oldest(store, oldest))  # type: ignore[arg-type]


def _oldest(store: Store, oldest: Oldest | None) -> Figures:
    """The oldest row; nothing if that takes long, which does not mean that the server does not answer."""
    if oldest is None:
        return {}
    try:
        with databases.read(store, OLDEST_SECONDS) as session:
            return {"oldest_at": session.scalar(select(func.min(oldest.column))), "oldest_what": oldest.what}
    except SQLAlchemyError:
        return {}


def _size(connection: Connection) -> Figures:
    return {"size_bytes": databases.current().adapter.server.database_bytes(connection)}


def _replica(connection: Connection) -> Figures:
    """The replica, with its lag as routing judges it: a replica that is cut off would call itself fresh for ever."""
    seen = watch.state()
    late = not seen.answers or seen.lag_seconds > databases.current().settings.replica_lag_bound_seconds
    return {
        **_size(connection),
        "lag_seconds": seen.lag_seconds if math.isfinite(seen.lag_seconds) else None,
        "state": "behind" if late else "in use" if seen.is_settled else "catching up",
    }


_watches = (
    _watch(Store.HOT, "Primary", _size, Oldest("visit", Base.metadata.tables["visit"].c.ended_at)),
    _watch(Store.REPLICA, "Replica", _replica),
    *map(_watch_of, RECORD_TYPES.values()),
)
