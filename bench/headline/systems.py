"""The two systems, each with servers and portals of its own. Only the one that is measured gets requests.

Two cores can't hold five servers. So the primary, with all its processes, has core 0 for itself, and everything else
shares core 1: portals, the client, and of the tiers the replica and the archives as well. The single server, which does
all there is, has the same core 0. What a real replica has for itself, it must share with the portals here: the tiers
are modelled at their worst. Its processes let the portals go first, as on a machine of its own they would.

Memory and disk are those of a part of a host each (`hosts`): the single server's is that of the tiers' primary.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench._environment import Environment, default, environment
from bench.headline import partitions, rows
from bench.headline.hosts import Host, Hosts, family, groups, half
from bench.headline.rows import Size
from core.embedded.postgres import PostgresServer
from core.embedded.servers import ARCHIVES, PRIMARY, REPLICA
from core.embedded.standby import SLOT
from core.install.setup import initialise
from core.settings import config
from core.stores import databases

Say = Callable[[str], None]

# What is the same on every server, and the buffers of each while it has no host of its own: the tuned server as many as
# all of the tiers' together.
TUNED = {"max_wal_size": "4GB", "checkpoint_timeout": "15min", "random_page_cost": "1.1", "wal_compression": "on"}
BUFFERS = {PRIMARY: "512MB", REPLICA: "512MB", "logs": "128MB", "visits": "128MB", "reports": "128MB"}
WHOLE_BUFFERS, WHOLE_WORK = "1408MB", "64MB"
BESIDE_NICENESS = 10


@dataclass(frozen=True)
class System:
    """A running system: what it is called, what reaches it, and the server that takes its writes."""

    name: str
    env: dict[str, str]
    primary: PostgresServer
    folder: Path
    hosts: Hosts
    beside: tuple[PostgresServer, ...] = ()

    def use(self) -> None:
        """Let this process's services read and write here."""
        databases.configure(config.load(self.env))


@contextmanager
def one_server(size: Size, host: Host | None, say: Say) -> Iterator[System]:
    """Everything on one tuned server, partitioned by date; heavy reports read it as well. Its archives stay empty."""
    with groups("one server") as hosts, environment(say) as made:
        servers = made.servers
        for name in (REPLICA, *ARCHIVES):
            servers.postgres[name].stop()
        primary = servers.postgres[PRIMARY]
        with primary.connect() as connection:
            connection.execute(f"SELECT pg_drop_replication_slot('{SLOT}')")
            for name in ARCHIVES:
                connection.execute(f"CREATE DATABASE strata_{name}")
        _tune(primary, {**TUNED, "shared_buffers": WHOLE_BUFFERS, "work_mem": WHOLE_WORK})
        own = {f"STRATA_ARCHIVE_{name.upper()}_URL": f"{primary.url}_{name}" for name in ARCHIVES}
        env = {**made.env, **own, "STRATA_REPLICA_URL": primary.url}
        initialise(config.load(env))
        with primary.connect() as connection:
            partitions.make(connection, size.now.date())
        # Partitioning took views and rights along with the tables.
        initialise(config.load(env))
        with primary.connect() as connection:
            rows.fill(connection, size)
            rows.settle(connection)
        if host:
            hosts.servers[primary] = host
        yield System("one server", env, primary, made.folder, hosts)


@contextmanager
def tiers(size: Size, host: Host | None, say: Say) -> Iterator[System]:
    """A primary with what is hot, its replica, and the archives with what is cold."""
    pace = str(default("archive_rows_per_second"))
    with groups("tiers") as hosts, environment(say, STRATA_ARCHIVE_ROWS_PER_SECOND=pace) as made:
        servers = made.servers.postgres
        # A standby has its primary's settings, by its own file.
        for name in sorted(BUFFERS, key=lambda name: name == REPLICA):
            _tune(servers[name], {**TUNED, "shared_buffers": BUFFERS[name]})
        _fill_tiers(made, size)
        if host:
            hosts.servers |= {servers[name]: half(host) if name in ARCHIVES else host for name in BUFFERS}
        beside = tuple(servers[name] for name in (REPLICA, *ARCHIVES))
        yield System("tiers", made.env, servers[PRIMARY], made.folder, hosts, beside)


def _fill_tiers(made: Environment, size: Size) -> None:
    servers = made.servers.postgres
    with ExitStack() as stack:
        primary, visits, logs = (stack.enter_context(servers[n].connect()) for n in (PRIMARY, "visits", "logs"))
        filled = stack.enter_context(ThreadPoolExecutor(1)).submit(rows.fill_archives, visits, logs, size)
        rows.fill(primary, size, first_visit=size.cold_visits + 1, first_event=size.cold_events + 1)
        rows.note_held(primary, size)
        filled.result()
        for connection in (primary, visits, logs):
            rows.settle(connection)
    made.servers.replica.wait_until_replayed()


def _tune(server: PostgresServer, settings: dict[str, str]) -> None:
    with server.connect() as connection:
        for name, value in settings.items():
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
    server.stop()
    server.start()


def pin(systems: list[System]) -> str:
    """Give each program its core; returns how, in words."""
    primaries = {process.pid for system in systems for process in family(system.primary)}
    is_apart = (os.cpu_count() or 1) > 1 and hasattr(os, "sched_setaffinity")
    if is_apart:
        me = psutil.Process()
        for process in (me, *me.children(recursive=True)):
            with suppress(psutil.Error, OSError):
                process.cpu_affinity([0 if process.pid in primaries else 1])
    _let_primaries_go_first(systems)
    return "primary on core 0, all else on core 1" if is_apart else "not pinned: one core"


def _let_primaries_go_first(systems: list[System]) -> None:
    for server in (server for system in systems for server in system.beside):
        for process in family(server):
            with suppress(psutil.Error, OSError):
                process.nice(BESIDE_NICENESS)
