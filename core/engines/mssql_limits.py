"""Limits of a connection on SQL Server: all by the driver's time-out, which ends a statement or gives up the server."""

from __future__ import annotations

from sqlalchemy import Connection

from core.engines import mssql_connection


def limit_statements(connection: Connection, seconds: float) -> None:
    """End each further statement after `seconds`, until the connection goes back to its pool; 0 is no limit."""
    mssql_connection.end_statements_after(connection.connection.dbapi_connection, seconds)


# The driver's time-out also gives up a silent server.
limit_silence = limit_statements


def limit_idle(connection: Connection, seconds: float) -> None:
    """SQL Server has no such limit: TCP's keep-alive ends the transaction of a lost client."""


def make_room(connection: Connection) -> None:
    """Lift the time limit of this connection's statements."""
    limit_statements(connection, 0)
