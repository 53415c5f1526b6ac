"""Application locks on SQL Server: sp_getapplock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text

from core.engines.mssql_server import session_setting

# Without autocommit, a statement that reads or writes a table begins a transaction, and nothing else does. BEGIN begins
# two there. No table is read for it: a purge would wait for the row versions of whoever holds the lock.
BEGIN = "IF @@TRANCOUNT = 0 BEGIN BEGIN TRANSACTION; IF @@TRANCOUNT > 1 COMMIT TRANSACTION END"
TRY_LOCK = text("""
SET NOCOUNT ON; DECLARE @held int;
EXEC @held = sp_getapplock @Resource = :name, @LockMode = 'Exclusive', @LockOwner = 'Transaction', @LockTimeout = 0;
SELECT @held; SET NOCOUNT OFF
""")


def try_lock(connection: Connection, name: str) -> bool:
    """Take an application lock until the end of this transaction, or return False at once."""
    # The server gives such a lock only within a transaction.
    connection.exec_driver_sql(BEGIN)
    return int(connection.scalar(TRY_LOCK, {"name": name}) or 0) >= 0


@contextmanager
def waiting_at_most(connection: Connection, seconds: float) -> Iterator[None]:
    """A `with` block in which a statement fails when it has waited `seconds` for a lock."""
    on, off = f"SET LOCK_TIMEOUT {int(seconds * 1000)}", "SET LOCK_TIMEOUT -1"
    with session_setting(connection, on, off):
        yield
