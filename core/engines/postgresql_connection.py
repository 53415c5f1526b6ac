"""A connection that gives up on a silent server: neither TCP nor the server's own time-outs notice a black hole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import errors, generators
from psycopg.abc import RV, Buffer, PQGen
from psycopg.errors import _WaitTimeout
from sqlalchemy import Connection as SQLConnection
from sqlalchemy import Engine, event

CONNECT_SECONDS = 3
PING_SECONDS = 0.5
CHUNK_BYTES = 1 << 18
GRACE_SECONDS = 0.1
DEFAULT_INTERVAL_SECONDS = 0.1


class Silence(psycopg.OperationalError):
    """The server sent nothing for as long as this connection waits; whether it did its work is not known."""


class Connection(psycopg.Connection[Any]):
    """Waits at most `silence_seconds` for each answer; the connection is lost after that.

    A new one, which SQLAlchemy asks for the server's version, waits for that as for the connection itself.
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
    """What a COPY sends, joined to CHUNK_BYTES: psycopg hands out row by row, each through a wait of its own."""
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


def bound(engine: Engine, silence_seconds: float) -> None:
    """Make the engine's connections wait no longer than this for an answer, and PING_SECONDS while they are pooled."""

    @event.listens_for(engine, "do_connect")
    def _connect(_dialect: Any, _record: Any, args: list[Any], parameters: dict[str, Any]) -> Connection:
        return Connection.connect(*args, **parameters)

    @event.listens_for(engine, "checkout")
    def _taken(connection: Connection, *_: Any) -> None:
        connection.silence_seconds = silence_seconds

    @event.listens_for(engine, "checkin")
    def _given_back(connection: Connection | None, *_: Any) -> None:
        if connection is not None:
            connection.silence_seconds = PING_SECONDS


def limit(connection: SQLConnection, seconds: float) -> None:
    """Wait no longer than this for an answer until the connection goes back to its pool."""
    connection.connection.dbapi_connection.silence_seconds = seconds + GRACE_SECONDS  # type: ignore[union-attr]
