"""A test run's own connections to the embedded servers: each is kept until its server ends."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any, LiteralString

import psycopg

from core.embedded import postmaster
from core.embedded.servers import PRIMARY, REPLICA, Servers

REPLAY_SECONDS = 30
# In one go: a statement for each of some forty tables costs a test more than all that it does itself. DELETE is far
# quicker than TRUNCATE, which makes new files; foreign keys are enforced by triggers, which a replica does not fire.
# The day's budget last, as the product has it: a worker that a test has killed may still hold what it wrote.
EMPTY = """DO $$
DECLARE name text; is_filled boolean;
BEGIN
  PERFORM set_config('session_replication_role', 'replica', true);
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    ORDER BY tablename = 'day_budget' LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %I)', name) INTO is_filled;
    IF is_filled THEN EXECUTE format('DELETE FROM %I', name); END IF;
  END LOOP;
  PERFORM setval(format('%I.%I', schemaname, sequencename), start_value, false) FROM pg_sequences
    WHERE schemaname = 'public' AND last_value IS NOT NULL;
END $$"""


class OwnerConnections:
    """Of the owner of every table, one connection to each server."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers
        self._kept: dict[str, tuple[int | None, psycopg.Connection]] = {}

    def empty_tables(self) -> None:
        """Empty every table that has rows, and begin ids anew."""
        for name in self._servers.postgres:
            if name != REPLICA:
                self._ask(name, EMPTY)

    def resume_replay(self) -> None:
        """Let a standby go on that a test has kept from replaying."""
        self._ask(REPLICA, "SELECT pg_wal_replay_resume()")

    def wait_until_replayed(self) -> None:
        """Return once everything that the primary has written until now can be read on the standby."""
        # Not the insert position: what no commit has forced out may stay unsent for many seconds.
        written = self._ask(PRIMARY, "SELECT pg_current_wal_flush_lsn()::text").fetchone()
        until, pause = time.monotonic() + REPLAY_SECONDS, 0.001
        while self._ask(REPLICA, "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", written).fetchone() != (True,):
            assert time.monotonic() < until, "the standby does not catch up"
            time.sleep(pause)
            # On a busy machine, to ask again and again would only keep it busy.
            pause = min(pause * 2, 0.02)

    def close(self) -> None:
        for _pid, connection in self._kept.values():
            with suppress(psycopg.Error):
                connection.close()
        self._kept.clear()

    def _ask(self, name: str, query: LiteralString, values: Any = None) -> psycopg.Cursor[Any]:
        """On a new connection where a test has ended this one: all of it can be asked twice."""
        try:
            return self._of(name).execute(query, values)
        except psycopg.OperationalError:
            if name not in self._kept or not self._kept[name][1].broken:
                raise
            return self._of(name).execute(query, values)

    def _of(self, name: str) -> psycopg.Connection:
        server = self._servers.postgres[name]
        pid = postmaster.pid(server.data)
        if name not in self._kept or self._kept[name][0] != pid or self._kept[name][1].broken:
            self._kept[name] = (pid, server.connect())
        return self._kept[name][1]
