"""Positions on SQL Server: a counter in a table of ours, for a replica does not tell what it has replayed."""

from __future__ import annotations

from sqlalchemy import Connection

from core.engines.replication import ReplicaLook

RAISE_POSITION = """
UPDATE replication_position SET position = position + 1, at = SYSDATETIMEOFFSET() OUTPUT inserted.position
"""
# At most one write a second: else each look would put the replica behind by its own write.
NOTE_POSITION = """
SET NOCOUNT ON;
UPDATE replication_position SET position = position + 1, at = SYSDATETIMEOFFSET()
WHERE at < DATEADD(second, -1, SYSDATETIMEOFFSET());
SELECT position FROM replication_position; SET NOCOUNT OFF
"""
LOOK = """
SELECT position, DATEDIFF_BIG(microsecond, at, SYSDATETIMEOFFSET()) / 1000000.0,
    (SELECT CONVERT(varchar(30), create_date, 126) FROM sys.databases WHERE name = 'tempdb')
FROM replication_position
"""


def write_position(connection: Connection) -> int:
    """Raise the counter: a replica that has the new position has every commit before it."""
    return int(connection.exec_driver_sql(RAISE_POSITION).scalar() or 0)


def seen_position(connection: Connection) -> int:
    """The counter's next value: whoever raises the counter to it commits after everything read here."""
    return replayed_position(connection) + 1


def noted_position(connection: Connection) -> int:
    """The counter, raised if its value is older than a second."""
    return int(connection.exec_driver_sql(NOTE_POSITION).scalar() or 0)


def replayed_position(connection: Connection) -> int:
    """The counter as this server has it."""
    return int(connection.exec_driver_sql("SELECT position FROM replication_position").scalar() or 0)


def look_at_replica(connection: Connection) -> ReplicaLook:
    """Ask a replica about itself, in one query; the server makes `tempdb` anew at each start."""
    position, age, started = connection.exec_driver_sql(LOOK).one()
    return ReplicaLook(int(position), str(started), float(age))


def replica_lag_seconds(connection: Connection) -> float:
    """The age of the counter's value as this server has it."""
    return float(connection.exec_driver_sql(LOOK).one()[1])
