"""Checks how often a server writes out its changed pages: after each time, its log takes whole pages anew."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from commands.doctor.finding import Finding, judge
from core.stores import databases

# Fewer tell nothing: a backup makes one due as well.
BY_LOG_MIN = 10
TIMES_LARGER = 4
GIGABYTE = 1 << 30


def examine(name: str, connection: Connection) -> Iterator[Finding]:
    """Wrong if most checkpoints come because the log is full: one size of log, four times as large, ends that."""
    found = databases.current().adapter.server.checkpoints(connection)
    if found is None or not databases.current().adapter.server.takes_writes(connection):
        return
    few = found.by_log < BY_LOG_MIN or found.by_log <= found.by_time
    wanted = max(round(found.log_bytes_max * TIMES_LARGER / GIGABYTE), 1)
    yield judge(
        f"{name}: checkpoints",
        few,
        f"{found.by_time:,} by time ({found.seconds:,.0f} s), {found.by_log:,} because max_wal_size"
        f" ({found.log_bytes_max / GIGABYTE:.1f} GB) was full",
        f"set max_wal_size = '{wanted}GB' there, and wal_compression = on: a sweep's log is mostly whole pages,"
        " written anew after each checkpoint; then SELECT pg_stat_reset_shared('checkpointer')",
    )
