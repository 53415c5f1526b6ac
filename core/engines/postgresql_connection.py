"""Connections to PostgreSQL that give up a silent server: neither TCP nor the server's time-outs notice one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors, generators
from psycopg.abc import RV, Buffer, PQGen
from psycopg.errors import _WaitTimeout
from sqlalchemy import Connection as SQLConnection
from sqlalchemy import Engine, event
from sqlalchemy import create_engine as make_engine
from sqlalchemy.exc import DBAPIError

from core.engines.patience import patience

CONNECT_SECONDS = 3
PING_SECONDS = 0.5
CHUNK_BYTES = 1 << 18
GRACE_SECONDS = 0.1
DEFAULT_INTERVAL_SECONDS = 0.1
# A client that vanished must not hold its locks for hours, and a server that vanished must not hold its client.
KEEPALIVE = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 10_000}


def create_engine(
    url: str,
    *,
    read_only: bool,
    of_replica: bool = False,
    statement_timeout_seconds: float,
    silence_seconds: float,
    **pool: Any,
) -> Engine:
    """Return an engine whose sessions use UTC and, if `read_only`, can write nothing."""
    options = f"-c timezone=UTC -c datestyle=ISO -c statement_timeout={int(statement_timeout_seconds * 1000)}"
    options += "".join(f" -c tcp_{name.removeprefix('tcp_')}={value}" for name, value in KEEPALIVE.items())
    if read_only:
        # Part of the connection: set later, it would stay for the next user of the pooled connection.
        options += " -c default_transaction_read_only=on"
    engine = make_engine(
        url,
        # The plan of a prepared statement loses the conditions that a linked server should evaluate.
        connect_args={
            "options": options,
            "prepare_threshold": None,
            **KEEPALIVE,
        },
        pool_pre_ping=True,
        # The message of a fault must not quote what a person typed.
        hide_parameters=True,
        **pool,
    )
    patience.watch(engine)
    _bound(engine, silence_seconds)
    return engine


class Silence(psycopg.OperationalError):
    """The server sent nothing for as long as this connection waits. Nobody knows whether it did its work."""


class Connection(psycopg.Connection[Any]):
    """Waits at most `silence_seconds` for each answer, and closes after that.

    SQLAlchemy asks a new connection for the server's version, before the limit is set: that wait has the limit of
    connecting.
    """

    silence_seconds: float = CONNECT_SECONDS

    def wait(self, gen: PQGen[RV], interval: float = DEFAULT_INTERVAL_SECONDS, timeout: float | None = None) -> RV:
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, self.silence_seconds)
        except _WaitTimeout:
            self.pgconn.finish()
            raise Silence(f"the server did not answer within {self.silence_seconds:g} s") from None


def chunks(copy: psycopg.Copy) -> Iterator[bytes]:
    """What a COPY sends, joined to chunks of CHUNK_BYTES: psycopg returns one row at a time, and waits for each."""
    pgconn = copy.connection.pgconn
    rows: list[Any] = []
    size = 0
    while True:
        row: Buffer
        length, row = pgconn.get_copy_data(1)
        if length == 0:
            row = copy.read()
            length = len(row)
        elif length < 0:
            _end(copy)
        if length <= 0:
            break
        rows.append(row)
        size += length
        if size >= CHUNK_BYTES:
            yield b"".join(rows)
            rows, size = [], 0
    if rows:
        yield b"".join(rows)


def _end(copy: psycopg.Copy) -> None:
    (result,) = copy.connection.wait(generators.fetch_many(copy.connection.pgconn))
    if result.status != psycopg.pq.ExecStatus.COMMAND_OK:
        raise errors.error_from_result(result)


def _bound(engine: Engine, silence_seconds: float) -> None:
    """Let the engine's connections wait this long for an answer, and PING_SECONDS while they are in the pool."""

    @event.listens_for(engine, "do_connect")
    def _connect(_dialect: Any, _record: Any, args: list[Any], parameters: dict[str, Any]) -> Connection:
        parameters["connect_timeout"] = math.ceil(CONNECT_SECONDS * patience.times(engine.url))
        with patience.connecting(engine.url):
            return Connection.connect(*args, **parameters)

    @event.listens_for(engine, "checkout")
    def _taken(connection: Connection, *_: Any) -> None:
        connection.silence_seconds = silence_seconds

    @event.listens_for(engine, "checkin")
    def _given_back(connection: Connection | None, *_: Any) -> None:
        if connection is not None:
            connection.silence_seconds = PING_SECONDS * patience.times(engine.url)


def wait_at_most(connection: SQLConnection, seconds: float) -> None:
    """Wait no longer than this for an answer, until the connection goes back to its pool."""
    grace = GRACE_SECONDS * patience.times(connection.engine.url)
    connection.connection.dbapi_connection.silence_seconds = seconds + grace  # type: ignore[union-attr]


@contextmanager
def driver_cursor(connection: SQLConnection) -> Iterator[Any]:
    """A psycopg cursor on the connection's transaction. Raises faults as SQLAlchemy raises all others."""
    try:
        with connection.connection.cursor() as cursor:  # type: ignore[attr-defined]
            yield cursor
    except psycopg.Error as fault:
        lost = connection.connection.dbapi_connection.closed  # type: ignore[union-attr]
        if lost:
            connection.invalidate(fault)
        raise DBAPIError.instance(
            "COPY", None, fault, psycopg.Error, connection_invalidated=lost, dialect=connection.dialect
        ) from fault
