"""What a step's transaction may take of a server: as long as it needs, and memory to sort a batch without disk."""

from __future__ import annotations

from sqlalchemy import Connection, text

SORT_MB = 64


def make(connection: Connection) -> None:
    """Set both until the transaction ends."""
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text(f"SET LOCAL work_mem = '{SORT_MB}MB'"))
