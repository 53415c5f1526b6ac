"""Application locks on SQL Server: sp_getapplock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text

from core.engines.mssql_server import session_setting

TRY_LOCK = text("""
SET NOCOUNT ON; DECLARE @held int;
EXEC @held = sp_getapplock @Resource = :name, @LockMode = 'Exclusive', @LockOwner = 'Transaction', @LockTimeout = 0;
SELECT @held; SET NOCOUNT OFF
""")


def try_lock(connection: Connection, name: str) -> bool:
    """Take an application lock until the end of this transaction, or return False at once."""
    return int(connection.scalar(TRY_LOCK, {"name": name}) or 0) >= 0


@contextmanager
def waiting_at_most(connection: Connection, seconds: float) -> Iterator[None]:
    """A `with` block in which a statement fails when it has waited `seconds` for a lock."""
    on, off = f"SET LOCK_TIMEOUT {int(seconds * 1000)}", "SET LOCK_TIMEOUT -1"
    with session_setting(connection, on, off):
        yield
