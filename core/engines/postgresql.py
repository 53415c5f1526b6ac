"""PostgreSQL 15 and newer, through psycopg 3: a streaming standby as replica, postgres_fdw for linked tables."""

from __future__ import annotations

from core.engines import (
    postgresql_compaction,
    postgresql_connection,
    postgresql_layout,
    postgresql_limits,
    postgresql_link,
    postgresql_loading,
    postgresql_locks,
    postgresql_replication,
    postgresql_roles,
    postgresql_row_sets,
    postgresql_schema,
    postgresql_server,
    postgresql_trail,
)
from core.engines.adapter import Adapter


def adapter() -> Adapter:
    """PostgreSQL's parts."""
    return Adapter(
        snapshot="REPEATABLE READ",
        linked="REPEATABLE READ",
        compaction=postgresql_compaction,
        connections=postgresql_connection,
        limits=postgresql_limits,
        links=postgresql_link,
        loading=postgresql_loading,
        locks=postgresql_locks,
        layout=postgresql_layout,
        replication=postgresql_replication,
        roles=postgresql_roles,
        row_sets=postgresql_row_sets,
        schema=postgresql_schema,
        server=postgresql_server,
        trail=postgresql_trail,
    )
