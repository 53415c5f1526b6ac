"""Positions in PostgreSQL's write-ahead log, as bytes since its beginning."""

from __future__ import annotations

from sqlalchemy import Connection, text

from core.engines.replication import ReplicaLook

# Not the insert position: the server may keep for seconds what no commit has flushed.
WRITTEN = "pg_current_wal_flush_lsn()"
REPLAYED = f"CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE {WRITTEN} END"
LOOK = f"""
SELECT {REPLAYED} - '0/0'::pg_lsn, pg_postmaster_start_time()::text || ' ' || coalesce(inet_server_port(), 0),
    extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())
"""
# Without a receiver, "all that it received" says nothing: the replica may have been cut off long ago.
LAG = """
SELECT CASE WHEN NOT pg_is_in_recovery() THEN 0
    WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() AND EXISTS (SELECT FROM pg_stat_wal_receiver) THEN 0
    ELSE coalesce(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()), 0) END
"""


def write_position(connection: Connection) -> int:
    """The flush position of the primary's log."""
    return _position(connection, WRITTEN)


def replayed_position(connection: Connection) -> int:
    """The replay position of a replica's log; the flush position on a primary."""
    return _position(connection, REPLAYED)


# PostgreSQL reads its position without writing, at any time.
seen_position = write_position
noted_position = write_position


def _position(connection: Connection, expression: str) -> int:
    return int(connection.scalar(text(f"SELECT ({expression}) - '0/0'::pg_lsn")) or 0)


def look_at_replica(connection: Connection) -> ReplicaLook:
    """Ask a replica about itself, in one query."""
    position, incarnation, age = connection.execute(text(LOOK)).one()
    return ReplicaLook(int(position or 0), incarnation, float(age) if age is not None else None)


def replica_lag_seconds(connection: Connection) -> float:
    """The age of the newest replayed commit; 0 for a live stream that is replayed to its end."""
    return float(connection.scalar(text(LAG)) or 0)
