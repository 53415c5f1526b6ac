"""What a PostgreSQL server says about itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, text

from core.engines.server_facts import Checkpoints

OLDEST_SNAPSHOT = """
SELECT min(xact_start) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND backend_xmin IS NOT NULL AND pid <> pg_backend_pid()
"""

# Extends are writes of new blocks. PostgreSQL 15 and older don't count them.
IO_IS_TOLD = "SELECT to_regclass('pg_catalog.pg_stat_io')"
IO_OPERATIONS = "SELECT sum(coalesce(reads, 0) + coalesce(writes, 0) + coalesce(extends, 0)) FROM pg_stat_io"
CHECKPOINTER_SINCE = 170000
COUNTED = "SELECT num_timed, num_requested FROM pg_stat_checkpointer"
COUNTED_BEFORE_17 = "SELECT checkpoints_timed, checkpoints_req FROM pg_stat_bgwriter"
SETTINGS = """
SELECT pg_size_bytes(current_setting('max_wal_size')),
    extract(epoch FROM current_setting('checkpoint_timeout')::interval)
"""


def version(connection: Connection) -> str:
    """The product and its version."""
    return f"PostgreSQL {connection.scalar(text('SHOW server_version'))}"


def clock(connection: Connection) -> datetime:
    """The server's present time."""
    now: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return now


def takes_writes(connection: Connection) -> bool:
    """Whether the database accepts writes; a standby's does not."""
    return not connection.scalar(text("SELECT pg_is_in_recovery()"))


def database_bytes(connection: Connection) -> int:
    """The size of the connection's database, in bytes."""
    return int(connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)


def oldest_snapshot_at(connection: Connection) -> datetime | None:
    """When the oldest snapshot of another session began; a role without pg_read_all_stats sees its own sessions."""
    oldest: datetime | None = connection.scalar(text(OLDEST_SNAPSHOT))
    return oldest


def io_operations(connection: Connection) -> int | None:
    """Reads and writes of its files since its statistics began."""
    if connection.scalar(text(IO_IS_TOLD)) is None:
        return None
    return int(connection.scalar(text(IO_OPERATIONS)) or 0)


def machine_shares(connection: Connection) -> Mapping[str, float]:
    """Nothing: PostgreSQL does not know how busy its machine is."""
    return {}


def distributed_transactions(connection: Connection) -> int:
    """Those that are prepared, to be committed with another server's."""
    return int(connection.scalar(text("SELECT COUNT(*) FROM pg_prepared_xacts")) or 0)


def checkpoints(connection: Connection) -> Checkpoints:
    """Since the figures were last reset. A backup, too, counts as one that the log made due."""
    major = int(connection.scalar(text("SHOW server_version_num")) or 0)
    counted = text(COUNTED if major >= CHECKPOINTER_SINCE else COUNTED_BEFORE_17)
    by_time, by_log = connection.execute(counted).one()
    log_bytes, seconds = connection.execute(text(SETTINGS)).one()
    return Checkpoints(int(by_time), int(by_log), int(log_bytes), float(seconds))
