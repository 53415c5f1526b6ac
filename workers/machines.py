"""The job that samples, once a minute, how busy and full this machine and every server is.

psutil measures this machine, the programs of ours on it, and a server that listens on it. Of a server elsewhere, its
own views are read: SQL Server's tell its machine's shares, PostgreSQL's only its reads and writes.
"""

from __future__ import annotations

import re
import socket
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

import psutil  # type: ignore[import-untyped]
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from core.models import utc_now
from core.services import load_figures
from core.services.load_figures import Counter, Sample
from core.settings.config import Settings
from core.stores import databases
from core.stores.databases import Store

ASK_SECONDS = 2.0
# Programs of ours, by their command lines.
PROGRAMS = {
    "public portal": re.compile(r"\bwsgi:public\b"),
    "staff portal": re.compile(r"\bwsgi:staff\b"),
    "workers": re.compile(r"(\bstrata|-m cli) worker\b"),
    "scheduler": re.compile(r"(\bstrata|-m cli) schedule\b"),
}
NAMES = {Store.HOT: "primary", Store.REPLICA: "replica"}
HERE = ("localhost", "127.0.0.1", "::1")


def sample() -> str:
    """Measure everything that can be measured from here, and keep it."""
    settings, now = databases.current().settings, utc_now()
    samples = [*_host(), *_programs(), *_servers(settings)]
    with databases.write() as session:
        kept = load_figures.keep(session, samples, now)
        load_figures.forget_old(session, now)
    return f"{kept} figures of {len({one.source for one in samples})} machines and servers"


def _host() -> Iterator[Sample | Counter]:
    name = f"machine {socket.gethostname()}"[:60]
    times = psutil.cpu_times()
    # A guest's time is part of the user's.
    rest = sum(getattr(times, kind, 0.0) for kind in ("idle", "iowait", "guest", "guest_nice"))
    yield Counter(name, "cpu", sum(times) - rest, psutil.cpu_count() or 1, most=1.0)
    yield Sample(name, "memory", psutil.virtual_memory().percent / 100)
    yield Sample(name, "disk", psutil.disk_usage("/").percent / 100)
    if (disk := psutil.disk_io_counters()) is not None:
        yield Counter(name, "iops", disk.read_count + disk.write_count)


def _programs() -> Iterator[Sample | Counter]:
    running = defaultdict(list)
    for process in psutil.process_iter(["cmdline"]):
        line = " ".join(process.info["cmdline"] or ())
        for name, pattern in PROGRAMS.items():
            if pattern.search(line):
                running[name].append(process)
    for name, processes in running.items():
        yield from _work(name, processes)


def _servers(settings: Settings) -> Iterator[Sample | Counter]:
    urls = {Store.HOT: settings.primary_url, Store.REPLICA: settings.replica_url}
    urls |= {store: settings.archive_url(store) for store in (Store.LOGS, Store.VISITS, Store.REPORTS)}
    listening = _listening()
    for store, url in urls.items():
        name = NAMES.get(store, f"archive {store}")
        yield from _views(store, name)
        process = listening.get(_port(url) or 0)
        if process is not None:
            yield from _work(name, _family(process))
            with suppress(psutil.Error, OSError):
                # A server's working folder is its data folder.
                yield Sample(name, "disk", psutil.disk_usage(process.cwd()).percent / 100)


def _views(store: Store, name: str) -> Sequence[Sample | Counter]:
    """What a server says itself; nothing from one that does not answer, or may not say."""
    found: list[Sample | Counter] = []
    server = databases.current().adapter.server
    with suppress(SQLAlchemyError), databases.read(store, ASK_SECONDS) as session:
        operations = server.io_operations(session.connection())
        found += [] if operations is None else [Counter(name, "iops", operations)]
        shares = server.machine_shares(session.connection())
        found += [Sample(name, share, value) for share, value in shares.items()]
    return found


def _work(name: str, processes: Iterable[psutil.Process]) -> Iterator[Sample | Counter]:
    """The processor's seconds and the share of the memory that processes take; those that ended count in parents."""
    seconds, memory = 0.0, 0
    for process in processes:
        with suppress(psutil.Error, OSError):
            seconds += sum(process.cpu_times()[:4])
            memory += _own_memory(process)
    yield Counter(name, "cpu", seconds, psutil.cpu_count() or 1, most=1.0)
    yield Sample(name, "memory", memory / psutil.virtual_memory().total)


def _own_memory(process: psutil.Process) -> int:
    """Bytes, a shared page divided among those that share it, where the system tells."""
    with suppress(psutil.Error, OSError, AttributeError):
        return int(process.memory_full_info().pss)
    return int(process.memory_info().rss)


def _family(process: psutil.Process) -> list[psutil.Process]:
    with suppress(psutil.Error):
        return [process, *process.children(recursive=True)]
    return []


def _listening() -> dict[int, psutil.Process]:
    """The process that listens on each port of this machine, as far as we may see."""
    found = {}
    with suppress(psutil.Error, OSError):
        for connection in psutil.net_connections(kind="tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.pid:
                with suppress(psutil.Error):
                    found[connection.laddr.port] = psutil.Process(connection.pid)
    return found


def _port(url: str) -> int | None:
    """The port of a server on this machine; None of one elsewhere."""
    address = make_url(url)
    return address.port if (address.host or "localhost") in HERE else None
