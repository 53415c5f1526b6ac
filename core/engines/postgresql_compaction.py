"""Giving back room on PostgreSQL: by pg_repack where it is installed, else VACUUM FULL, or the indexes alone."""

from __future__ import annotations

import os
import shutil
import subprocess

from sqlalchemy import Connection, text

from core.engines import postgresql_connection
from core.engines.compaction import Room, Way
from core.engines.fault_kinds import EngineError

REPACK = Way("pg_repack", "nothing but a moment at its end, when the new table takes the old one's place", False)
FULL = Way(
    "full",
    "the table, for readers and writers, until it is written anew; on the replica, too, while that replays",
    True,
)
INDEXES = Way("indexes", "nothing: only the indexes are made anew beside the old ones; rows keep their room", False)
LOCK_SECONDS = 5
# The server says nothing until it is done.
REWRITE_SECONDS_MAX = 24 * 3600.0
# A row takes its columns' widths and 28 bytes of header and pointer.
ROOM = """
SELECT pg_table_size(c.oid), pg_indexes_size(c.oid),
    greatest(0, pg_relation_size(c.oid) - (greatest(c.reltuples, 0) * (28 + coalesce(
        (SELECT sum(s.avg_width) FROM pg_stats s WHERE s.schemaname = n.nspname AND s.tablename = c.relname), 0
    )))::bigint)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = CAST(:name AS regclass)
"""


def room(connection: Connection, table: str) -> Room:
    """By statistics, which it brings up to date."""
    connection.exec_driver_sql(f"ANALYZE {table}")
    return Room(*map(int, connection.execute(text(ROOM), {"name": table}).one()))


def ways(connection: Connection) -> tuple[Way, ...]:
    """pg_repack needs its extension in this database and its program on this machine."""
    query = text("SELECT 1 FROM pg_extension WHERE extname = 'pg_repack'")
    has_repack = connection.scalar(query) is not None and shutil.which("pg_repack") is not None
    return (REPACK, FULL, INDEXES) if has_repack else (FULL, INDEXES)


def write_anew(connection: Connection, table: str, way: Way) -> None:
    """Raises EngineError if pg_repack fails."""
    if way is REPACK:
        _repack(connection, table)
        return
    postgresql_connection.wait_at_most(connection, REWRITE_SECONDS_MAX)
    connection.exec_driver_sql("SET statement_timeout = 0")
    try:
        if way is FULL:
            connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_SECONDS}s'")
            connection.exec_driver_sql(f"VACUUM (FULL, ANALYZE) {table}")
        else:
            # It lets others go on while it waits; if it gave up, half an index would stay.
            connection.exec_driver_sql(f"REINDEX TABLE CONCURRENTLY {table}")
    finally:
        connection.exec_driver_sql("RESET statement_timeout")
        connection.exec_driver_sql("RESET lock_timeout")


def _repack(connection: Connection, table: str) -> None:
    url = connection.engine.url
    command = ["pg_repack", "--no-superuser-check", "--table", table, "--wait-timeout", str(LOCK_SECONDS)]
    where = {"PGHOST": url.host, "PGPORT": url.port, "PGUSER": url.username, "PGPASSWORD": url.password,
             "PGDATABASE": url.database}  # fmt: skip
    environment = {**os.environ, **{name: str(value) for name, value in where.items() if value is not None}}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise EngineError(f"pg_repack: {ended.stderr.strip().splitlines()[-1:] or ended.returncode}")
