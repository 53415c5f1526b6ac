"""What a server that speaks SQL Server's protocol says about itself, and settings of its sessions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, InvalidRequestError

OLDEST_SNAPSHOT = """
SELECT MIN(TODATETIMEOFFSET(t.transaction_begin_time, DATENAME(TzOffset, SYSDATETIMEOFFSET())))
FROM sys.dm_tran_active_snapshot_database_transactions s
JOIN sys.dm_tran_active_transactions t ON t.transaction_id = s.transaction_id
WHERE s.session_id <> @@SPID
"""
SNAPSHOTS_ARE_TOLD = "SELECT OBJECT_ID('sys.dm_tran_active_snapshot_database_transactions')"
DISTRIBUTED = "SELECT COUNT(*) FROM sys.dm_tran_active_transactions WHERE transaction_type = 4"
PAGE_BYTES = 8_192
IO_OPERATIONS = "SELECT SUM(num_of_reads + num_of_writes) FROM sys.dm_io_virtual_file_stats(NULL, NULL)"
# The newest of the scheduler's records of once a minute.
CPU = """
SELECT TOP (1) CAST(record AS xml).value('(./Record/SchedulerMonitorEvent/SystemHealth/SystemIdle)[1]', 'int')
FROM sys.dm_os_ring_buffers WHERE ring_buffer_type = 'RING_BUFFER_SCHEDULER_MONITOR'
AND record LIKE '%<SystemHealth>%' ORDER BY timestamp DESC
"""
MEMORY = "SELECT 1.0 - 1.0 * available_physical_memory_kb / total_physical_memory_kb FROM sys.dm_os_sys_memory"
DISK = """
SELECT MAX(1.0 - 1.0 * v.available_bytes / v.total_bytes)
FROM sys.database_files f CROSS APPLY sys.dm_os_volume_stats(DB_ID(), f.file_id) v WHERE v.total_bytes > 0
"""


def is_babelfish(connection: Connection) -> bool:
    """Whether the server is Babelfish: PostgreSQL that speaks T-SQL, and lacks some of what we use."""
    return connection.exec_driver_sql("SELECT CAST(SERVERPROPERTY('Babelfish') AS int)").scalar() == 1


def version(connection: Connection) -> str:
    """Product, version and edition."""
    if is_babelfish(connection):
        return " ".join(str(connection.exec_driver_sql("SELECT @@VERSION").scalar()).rpartition("\n")[2].split())
    query = (
        "SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(64)), CAST(SERVERPROPERTY('Edition') AS nvarchar(64))"
    )
    number, edition = connection.exec_driver_sql(query).one()
    return f"SQL Server {number}, {edition}"


def takes_writes(connection: Connection) -> bool:
    """Whether the database accepts writes; a readable secondary's does not."""
    if is_babelfish(connection):
        # Babelfish calls a standby's databases writable.
        return not connection.exec_driver_sql("SELECT pg_is_in_recovery()").scalar()
    updateability = "SELECT CAST(DATABASEPROPERTYEX(DB_NAME(), 'Updateability') AS nvarchar(32))"
    return connection.exec_driver_sql(updateability).scalar() == "READ_WRITE"


def clock(connection: Connection) -> datetime:
    """The server's present time."""
    now: datetime = connection.exec_driver_sql("SELECT SYSDATETIMEOFFSET()").scalar_one()
    return now


def database_bytes(connection: Connection) -> int:
    """The size of the connection's database, in bytes."""
    pages = connection.exec_driver_sql("SELECT SUM(CAST(size AS bigint)) FROM sys.database_files").scalar()
    return int(pages or 0) * PAGE_BYTES


def oldest_snapshot_at(connection: Connection) -> datetime | None:
    """When the oldest snapshot of another session began; None where the server does not tell."""
    if connection.exec_driver_sql(SNAPSHOTS_ARE_TOLD).scalar() is None:
        return None
    oldest: datetime | None = connection.exec_driver_sql(OLDEST_SNAPSHOT).scalar()
    return oldest


def io_operations(connection: Connection) -> int | None:
    """Reads and writes of its files since it started; None on Babelfish, which does not tell."""
    if is_babelfish(connection):
        return None
    return int(connection.exec_driver_sql(IO_OPERATIONS).scalar() or 0)


def machine_shares(connection: Connection) -> Mapping[str, float]:
    """Its machine's processor, memory and fullest disk. Needs VIEW SERVER STATE; nothing on Babelfish."""
    if is_babelfish(connection):
        return {}
    idle = connection.exec_driver_sql(CPU).scalar()
    memory, disk = (connection.exec_driver_sql(query).scalar() for query in (MEMORY, DISK))
    told = {"cpu": None if idle is None else 1 - idle / 100, "memory": memory, "disk": disk}
    return {name: float(share) for name, share in told.items() if share is not None}


def distributed_transactions(connection: Connection) -> int | None:
    """Those that MSDTC coordinates. Needs VIEW SERVER PERFORMANCE STATE; Babelfish has none."""
    try:
        return int(connection.exec_driver_sql(DISTRIBUTED).scalar() or 0)
    except DBAPIError:
        return None


def checkpoints(_connection: Connection) -> None:
    """It spreads them by its target recovery time, and writes no whole pages to its log."""


@contextmanager
def session_setting(connection: Connection, on: str, off: str) -> Iterator[None]:
    """A `with` block in which the session has a setting. The block's own fault is the one that is raised."""
    connection.exec_driver_sql(on)
    try:
        yield
    except BaseException:
        # The session goes on if the caller rolls back to a savepoint, so that the setting must go.
        with suppress(DBAPIError, InvalidRequestError):
            connection.exec_driver_sql(off)
        raise
    connection.exec_driver_sql(off)
