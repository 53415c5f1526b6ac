"""What work costs a server: bytes of log that it writes, and seconds of processors that it takes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import psutil
from sqlalchemy import text

from core.embedded.postgres import PostgresServer
from core.stores import databases
from core.stores.databases import Store

# In /proc/PID/stat behind the program's name: utime, stime, and both of children that have ended.
TIMES = slice(11, 15)


class Cost(NamedTuple):
    """What has been spent since the server's start."""

    wal_bytes: int
    cpu_seconds: float

    def since(self, before: Cost) -> Cost:
        return Cost(self.wal_bytes - before.wal_bytes, self.cpu_seconds - before.cpu_seconds)


def spent(server: PostgresServer, store: Store = Store.HOT) -> Cost:
    """What this server has spent so far, on `store`'s database."""
    with databases.current().engine(store, read_only=True).connect() as connection:
        wal = connection.scalar(text("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"))
    postmaster = psutil.Process(int((server.data / "postmaster.pid").read_text().splitlines()[0]))
    return Cost(int(wal or 0), sum(_seconds(process.pid) for process in (postmaster, *postmaster.children())))


def _seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        # It has ended since, and its parent counts it.
        return 0.0
    return sum(int(field) for field in fields[TIMES]) / os.sysconf("SC_CLK_TCK")
