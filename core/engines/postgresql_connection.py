"""A connection that gives up on a silent server: neither TCP nor the server's own time-outs notice a black hole."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.errors import _WaitTimeout
from sqlalchemy import Connection as SQLConnection
from sqlalchemy import Engine, event

PING_SECONDS = 0.5
GRACE_SECONDS = 0.1
DEFAULT_INTERVAL_SECONDS = 0.1


class Silence(psycopg.OperationalError):
    """The server sent nothing for as long as this connection waits; whether it did its work is not known."""


class Connection(psycopg.Connection[Any]):
    """Waits at most `silence_seconds` for each answer; the connection is lost after that."""

    silence_seconds: float = PING_SECONDS

    def wait(self, gen: PQGen[RV], interval: float = DEFAULT_INTERVAL_SECONDS, timeout: float | None = None) -> RV:
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, self.silence_seconds)
        except _WaitTimeout:
            self.pgconn.finish()
            raise Silence(f"the server did not answer within {self.silence_seconds:g} s") from None


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
