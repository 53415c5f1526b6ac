"""Giving back room on SQL Server: each index is rebuilt, the clustered one with its rows. The data file keeps its size.

Shrinking the file would scatter what was just put in order; what is free in it, other rows take.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from core.engines import mssql_limits
from core.engines.compaction import Room, Way
from core.engines.mssql_server import is_babelfish

ONLINE = Way("online", "nothing but a moment at its start and end, for which it waits a minute, then gives up", False)
OFFLINE = Way("offline", "the table, for readers and writers, until its indexes are rebuilt", True)
# Developer and Enterprise, Azure's database and managed instance.
REBUILDS_ONLINE = (3, 5, 8)
EDITION = "SELECT CAST(SERVERPROPERTY('EngineEdition') AS int)"
WORDS = {
    ONLINE.name: (
        "ALTER INDEX ALL ON {0} REBUILD WITH (ONLINE = ON"
        " (WAIT_AT_LOW_PRIORITY (MAX_DURATION = 1 MINUTES, ABORT_AFTER_WAIT = SELF)))"
    ),
    OFFLINE.name: "ALTER INDEX ALL ON {0} REBUILD",
}
# Of what a table's pages hold, `used` is taken by pages with rows, the rest of `total` is reserved for it.
ROOM = """
SELECT SUM(CASE WHEN p.index_id IN (0, 1) THEN a.total_pages ELSE 0 END) * 8192,
    SUM(CASE WHEN p.index_id IN (0, 1) THEN 0 ELSE a.total_pages END) * 8192,
    SUM(CASE WHEN p.index_id IN (0, 1) THEN a.total_pages - a.used_pages ELSE 0 END) * 8192
FROM sys.partitions p JOIN sys.allocation_units a ON a.container_id = p.partition_id
WHERE p.object_id = OBJECT_ID(:name)
"""


def room(connection: Connection, table: str) -> Room:
    """Half empty pages count as full: how full pages are, the server would have to read them all to tell.

    Babelfish tells of none.
    """
    if is_babelfish(connection):
        return Room(0, 0, 0)
    return Room(*(int(part or 0) for part in connection.execute(text(ROOM), {"name": table}).one()))


def ways(connection: Connection) -> tuple[Way, ...]:
    """Some editions rebuild online."""
    edition = connection.exec_driver_sql(EDITION).scalar()
    return (ONLINE, OFFLINE) if edition in REBUILDS_ONLINE else (OFFLINE,)


def write_anew(connection: Connection, table: str, way: Way) -> None:
    """Rebuild all indexes of a table."""
    mssql_limits.make_room(connection)
    connection.exec_driver_sql(WORDS[way.name].format(table))
