"""Application locks on PostgreSQL: advisory locks of a transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text

TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))")


def try_lock(connection: Connection, name: str) -> bool:
    """Take an advisory lock until the end of this transaction, or return False at once."""
    return bool(connection.scalar(TRY_LOCK, {"name": name}))


@contextmanager
def waiting_at_most(connection: Connection, seconds: float) -> Iterator[None]:
    """A `with` block in which a statement fails when it has waited `seconds` for a lock."""
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(seconds * 1000)}")
    yield
    connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
