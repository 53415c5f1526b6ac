"""One window of load: what people waited, and what it cost the primary."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from psycopg import Connection
from redis import Redis

from bench import _server_cpu
from bench.headline.arrivals import HOT, Answer, drive
from bench.headline.portals import People
from bench.headline.systems import System
from core.embedded.servers import REPLICA

TIME_OUT_SECONDS = 2.0
BLOCKS = "SELECT blks_hit + blks_read FROM pg_stat_database WHERE datname = current_database()"
LOG = "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"
FLUSH = "SELECT pg_stat_force_next_flush()"
# Reads of each table and index since the statistics were reset, and its pages that were read at all.
READ = """
SELECT b.pages, s.reads FROM (
    SELECT relfilenode, count(*) AS pages FROM pg_buffercache WHERE relfilenode IS NOT NULL
        AND reldatabase = (SELECT oid FROM pg_database WHERE datname = current_database()) GROUP BY 1) b
JOIN (
    SELECT relid AS id, heap_blks_hit + heap_blks_read AS reads FROM pg_statio_all_tables
    UNION ALL SELECT indexrelid, idx_blks_hit + idx_blks_read FROM pg_statio_all_indexes) s
ON pg_relation_filenode(s.id) = b.relfilenode WHERE s.reads > 0
"""
HIT_RATE = 0.99
PAGE_MB = 8192 / 2**20
SETTLE_SECONDS = 1.5


@dataclass(frozen=True)
class Window:
    """The answers of one window, and the primary's processor seconds, buffers and bytes of log meanwhile.

    `beside` are the processor seconds of the other servers, by name; `commands` are those that Redis was given.
    """

    answers: Sequence[Answer]
    cpu_seconds: float
    buffers: int
    wal_bytes: int
    beside: Mapping[str, float]
    commands: int

    def of(self, *kinds: str) -> list[float]:
        """The seconds of these kinds; of one that failed, no end."""
        return [one.seconds if one.is_ok else math.inf for one in self.answers if one.kind in kinds]

    @property
    def hot(self) -> list[float]:
        return self.of(*HOT)

    def timed_out(self, *kinds: str) -> int:
        return sum(seconds > TIME_OUT_SECONDS for seconds in self.of(*kinds))

    def per_thousand(self, spent: float) -> float:
        """What was spent, for a thousand of the requests that people wait for."""
        return spent / max(1, len(self.hot)) * 1000


def window(system: System, people: People, rates: Mapping[str, float], seconds: float, seed: int) -> Window:
    """Drive this load, and let what it began come to an end."""
    with system.primary.connect() as connection:
        before, others = _spent(system, connection), _beside(system)
        answers = drive(people, rates, seconds, seed)
        time.sleep(SETTLE_SECONDS)
        after, later = _spent(system, connection), _beside(system)
    cpu, buffers, log, commands = (late - early for early, late in zip(before, after, strict=True))
    beside = {name: later[name] - others[name] for name in others}
    return Window(answers, cpu, int(buffers), int(log), beside, int(commands))


def _beside(system: System) -> dict[str, float]:
    return {server.name: _server_cpu.seconds(server) for server in system.beside}


def _spent(system: System, connection: Connection) -> tuple[float, float, float, float]:
    connection.execute(FLUSH)
    found = [connection.execute(query).fetchone() for query in (BLOCKS, LOG)]
    blocks, log = (float(row[0]) for row in found if row)
    with Redis.from_url(system.env["STRATA_REDIS_URL"]) as redis:
        commands = redis.info("stats")["total_commands_processed"]
    return _server_cpu.seconds(system.primary), blocks, log, float(commands)


def memory_mb(
    system: System, people: People, rates: Mapping[str, float], seconds: float, seed: int
) -> dict[str, float]:
    """The memory that this load needs on each server for 99 of 100 pages to be found there.

    The window begins with nothing in memory and has room for all that it reads, so each page that it read is there at
    its end. Tables and indexes are taken in order of how often a page of theirs was read, each page of one as often as
    another. What is asked more often than its neighbours would need less: it is a bound from above.
    """
    with ExitStack() as stack:
        servers = {server.name: stack.enter_context(server.connect()) for server in (system.primary, *system.beside)}
        for name, connection in servers.items():
            if name != REPLICA:
                connection.execute("CREATE EXTENSION IF NOT EXISTS pg_buffercache")
        time.sleep(SETTLE_SECONDS)
        for connection in servers.values():
            connection.execute("CHECKPOINT")
            connection.execute("SELECT pg_buffercache_evict_all()")
            connection.execute("SELECT pg_stat_reset()")
        drive(people, rates, seconds, seed)
        time.sleep(SETTLE_SECONDS)
        return {name: round(_memory(connection), 1) for name, connection in servers.items()}


def _memory(connection: Connection) -> float:
    found = [(int(pages), int(reads)) for pages, reads in connection.execute(READ).fetchall()]
    return pages_for(found, HIT_RATE) * PAGE_MB


def pages_for(relations: Sequence[tuple[int, int]], rate: float) -> float:
    """The pages to keep so that this share of the reads finds its page; relations are (pages, reads)."""
    wanted, kept = rate * sum(reads for _, reads in relations), 0.0
    for pages, reads in sorted(relations, key=lambda one: one[1] / one[0], reverse=True):
        if wanted <= 0 or reads <= 0:
            break
        kept += pages * min(1.0, wanted / reads)
        wanted -= reads
    return kept
