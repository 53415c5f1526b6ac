"""One engine per store and use, made once per process. `write()` is for the primary, `read(store)` for every store."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.interfaces import IsolationLevel
from sqlalchemy.orm import Session

from core.engines import Adapter, adapter_for
from core.engines.patience import patience
from core.metrics import counters
from core.settings import config
from core.stores import once

PROBE_SECONDS = 1.0
COLD_POOL_SECONDS = 0.3


class Store(StrEnum):
    """Where rows are read: the primary, its replica, or an archive server."""

    HOT = "hot"
    REPLICA = "replica"
    LOGS = "logs"
    VISITS = "visits"
    REPORTS = "reports"


class Databases:
    """The engines of one process. A forked child makes new ones."""

    def __init__(self, settings: config.Settings) -> None:
        self.settings = settings
        self.adapter: Adapter = adapter_for(settings.primary_url, by_polybase=settings.link == "polybase")
        self._pid = os.getpid()
        self._engines: dict[tuple[Store, str], Engine] = {}
        patience.begin(settings.patience_min_times, settings.patience_max_times)

    def engine(self, store: Store, *, read_only: bool) -> Engine:
        """The pooled engine of a store; its connections can only read, unless `read_only` is false."""
        use, seconds = "read" if read_only else "write", self.settings.statement_timeout_seconds
        pool = {"pool_size": 5, "max_overflow": 10, "pool_timeout": 3}
        return self._engine(store, use, seconds, self.settings.silence_seconds, pool)

    def probe_engine(self, store: Store) -> Engine:
        """An engine with one connection, to ask about a server even while pages use all other connections."""
        pool = {"pool_size": 1, "max_overflow": 0, "pool_timeout": PROBE_SECONDS}
        return self._engine(store, "probe", PROBE_SECONDS, PROBE_SECONDS, pool)

    def cold_engine(self, through: Store, server: str) -> Engine:
        """An engine for one archive's linked tables: a silent archive then blocks only its own connections."""
        settings = self.settings
        pool = {"pool_size": 2, "max_overflow": 4, "pool_timeout": COLD_POOL_SECONDS}
        return self._engine(through, f"cold {server}", settings.cold_timeout_seconds, settings.silence_seconds, pool)

    def _engine(self, store: Store, use: str, seconds: float, silence_seconds: float, pool: dict[str, Any]) -> Engine:
        if self._pid != os.getpid():
            self._pid, self._engines = os.getpid(), {}
        key = (store, use)
        if key not in self._engines:
            self._engines[key] = self.adapter.connections.create_engine(
                self._url(store),
                # On SQL Server, to ask for the primary's position is to write it.
                read_only=use != "write" and (use, store) != ("probe", Store.HOT),
                of_replica=store is Store.REPLICA,
                statement_timeout_seconds=seconds,
                silence_seconds=silence_seconds,
                **pool,
            )
            _count(self._engines[key], store, use, pool["pool_size"] + pool["max_overflow"])
        return self._engines[key]

    def _url(self, store: Store) -> str:
        if store is Store.HOT:
            return self.settings.primary_url
        if store is Store.REPLICA:
            return self.settings.replica_url
        return self.settings.archive_url(store)

    def dispose(self) -> None:
        """Close every pooled connection."""
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()


def _count(engine: Engine, store: Store, use: str, most: int) -> None:
    """Tell the figures how many connections of a pool are in use."""
    counters.pool_made(store, use, most)
    event.listen(engine, "checkout", lambda *_: counters.connection_taken(store, use))
    event.listen(engine, "checkin", lambda *_: counters.connection_given_back(store, use))


configured: Databases | None = None


def configure(settings: config.Settings) -> Databases:
    """Set this process's databases. Nothing connects before the first read or write."""
    global configured
    if configured is not None:
        configured.dispose()
    configured = Databases(settings)
    return configured


def current() -> Databases:
    """This process's databases; read from the environment if `configure` was not called."""
    return configured if configured is not None else configure(config.load())


@contextmanager
def write(statement_timeout_seconds: float | None = None) -> Iterator[Session]:
    """One transaction on the primary: it commits at the end of the block, and rolls back if the block raises."""
    engine = current().engine(Store.HOT, read_only=False)
    with Session(engine, expire_on_commit=False) as session:
        if statement_timeout_seconds is not None:
            _limit(session, statement_timeout_seconds)
        yield session
        session.commit()


@contextmanager
def write_at_once() -> Iterator[Connection]:
    """A connection to the primary on which each statement is a transaction of its own."""
    engine = current().engine(Store.HOT, read_only=False)
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        yield connection


@contextmanager
def read(store: Store, statement_timeout_seconds: float | None = None) -> Iterator[Session]:
    """One read-only transaction with a single snapshot on `store`; a write in it fails."""
    with _transaction(current().engine(store, read_only=True), current().adapter.snapshot) as session:
        once.begin(session)
        if statement_timeout_seconds is not None:
            _limit(session, statement_timeout_seconds)
        yield session


@contextmanager
def read_linked(through: Store, server: str, seconds: float) -> Iterator[Session]:
    """A reading session on `through` for the linked tables of one archive; each statement ends after `seconds`.

    A new connection to `through` may take a second on some servers. That is not the archive's delay, and not counted:
    but where it does, the link's own takes as long, and the statement has more time.
    """
    with _transaction(current().cold_engine(through, server), current().adapter.linked) as session:
        _limit(session, seconds)
        yield session


@contextmanager
def _transaction(engine: Engine, level: IsolationLevel) -> Iterator[Session]:
    with Session(engine.execution_options(isolation_level=level), expire_on_commit=False, autoflush=False) as session:
        yield session


def _limit(session: Session, seconds: float) -> None:
    """Of a quick server. One that is measured to be far away may take as many times longer."""
    connection = session.connection()
    current().adapter.limits.limit_statements(connection, seconds * patience.times(connection.engine.url))
