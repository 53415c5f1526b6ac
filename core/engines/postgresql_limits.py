"""Limits of a connection on PostgreSQL: the server's by SET LOCAL, the client's on its own connection."""

from __future__ import annotations

from sqlalchemy import Connection, text

from core.engines import postgresql_connection

SORT_MB = 64


def limit_statements(connection: Connection, seconds: float) -> None:
    """End each further statement of this transaction after `seconds`, whether the server answers or not."""
    connection.execute(text(f"SET LOCAL statement_timeout = {int(seconds * 1000)}"))
    postgresql_connection.wait_at_most(connection, seconds)


def limit_silence(connection: Connection, seconds: float) -> None:
    """Give up a server that sends nothing for `seconds`, until the connection goes back to its pool."""
    postgresql_connection.wait_at_most(connection, seconds)


def limit_idle(connection: Connection, seconds: float) -> None:
    """Let the server end this transaction once its client has sent nothing for `seconds`."""
    connection.execute(text(f"SET LOCAL idle_in_transaction_session_timeout = {int(seconds * 1000)}"))


def make_room(connection: Connection) -> None:
    """Lift the time limit of this transaction's statements, and let it sort in memory."""
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    connection.exec_driver_sql(f"SET LOCAL work_mem = '{SORT_MB}MB'")
