"""The state of each server, and how much of the primary is cold. Counts and times, never a patient's data."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core.archiving.eligible import may_move
from core.models import Base, utc_now
from core.models.record_types import RECORD_TYPES, RecordType, archive_table
from core.stores import databases
from core.stores.databases import Store
from core.stores.replica_watch import watch

PROBE_SECONDS = 2.0
COUNT_SECONDS = 5.0


@dataclass(frozen=True)
class Tier:
    """One server. Figures are None when it does not answer, or where they make no sense.

    `state` is how portal pages use the replica: in use, behind, or catching up (after a restart, until it has all).
    """

    store: str
    title: str
    up: bool
    milliseconds: float | None = None
    size_bytes: int | None = None
    oldest_at: datetime | None = None
    oldest_what: str | None = None
    lag_seconds: float | None = None
    state: str | None = None
    cause: str | None = None


@dataclass(frozen=True)
class ColdCount:
    """How many roots of one record type a run started now would move, and the instant before which they are cold.

    `oldest_at` is the oldest closed root that is still on the primary, for whatever reason.
    """

    record_type: str
    cutoff_at: datetime
    roots: int
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
    count = session.scalar(select(func.count()).select_from(kind.root).where(may_move(kind, cutoff_at)))
    oldest = select(func.min(kind.root.c[kind.time_column]))
    return ColdCount(kind.name, cutoff_at, count or 0, session.scalar(oldest))


def health() -> tuple[Tier, ...]:
    """Every server asked at once: primary, replica, then the archives."""
    probes: list[Callable[[], Tier]] = [lambda: _probe(Store.HOT, "Primary", _primary)]
    probes.append(lambda: _probe(Store.REPLICA, "Replica", _replica))
    for kind in RECORD_TYPES.values():
        probes.append(_archive_probe(kind))
    with ThreadPoolExecutor(len(probes)) as pool:
        return tuple(future.result() for future in [pool.submit(probe) for probe in probes])


Figures = dict[str, int | float | datetime | str | None]


def _archive_probe(kind: RecordType) -> Callable[[], Tier]:
    return lambda: _probe(Store(kind.server), f"Archive: {kind.server}", lambda connection: _archive(connection, kind))


def _probe(store: Store, title: str, look: Callable[[Connection], Figures]) -> Tier:
    started = time.monotonic()
    try:
        with databases.read(store, PROBE_SECONDS) as session:
            session.execute(text("SELECT 1"))
            milliseconds = (time.monotonic() - started) * 1000
            return Tier(store, title, up=True, milliseconds=milliseconds, **look(session.connection()))  # type: ignore[arg-type]
    except SQLAlchemyError as fault:
        return Tier(store, title, up=False, cause=type(fault).__name__)


def _primary(connection: Connection) -> Figures:
    visit = Base.metadata.tables["visit"]
    return {
        "size_bytes": databases.current().adapter.server.database_bytes(connection),
        "oldest_at": connection.scalar(select(func.min(visit.c.ended_at))),
        "oldest_what": "visit",
    }


def _replica(connection: Connection) -> Figures:
    """The replica, with its lag as routing judges it: a replica that is cut off would call itself fresh for ever."""
    seen = watch.state()
    late = not seen.answers or seen.lag_seconds > databases.current().settings.replica_lag_bound_seconds
    return {
        "size_bytes": databases.current().adapter.server.database_bytes(connection),
        "lag_seconds": seen.lag_seconds if math.isfinite(seen.lag_seconds) else None,
        "state": "behind" if late else "in use" if seen.is_settled else "catching up",
    }


def _archive(connection: Connection, kind: RecordType) -> Figures:
    root = archive_table(kind.root)
    return {
        "size_bytes": databases.current().adapter.server.database_bytes(connection),
        "oldest_at": connection.scalar(select(func.min(root.c[kind.time_column]))),
        "oldest_what": kind.name.replace("log", "event"),
    }
