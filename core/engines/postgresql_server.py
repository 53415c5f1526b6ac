"""What a PostgreSQL server says about itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

OLDEST_SNAPSHOT = """
SELECT min(xact_start) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND backend_xmin IS NOT NULL AND pid <> pg_backend_pid()
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
