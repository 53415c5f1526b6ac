"""What work costs a server: bytes of log that it writes, and seconds of processors that it takes."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import text

from bench import _server_cpu
from core.embedded.postgres import PostgresServer
from core.stores import databases
from core.stores.databases import Store


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
    return Cost(int(wal or 0), _server_cpu.seconds(server))
