"""A program that moves a benchmark's visits to the archive each time it is told to, with the code that Python finds
first: `archive_against` runs it with two checkouts. Reads `go` a line, writes its figures as a line of JSON.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import text

from bench import _visits
from bench._environment import environment
from core.models import RunState
from core.queries import archive as queries
from core.services import archive
from core.stores import databases
from core.stores.databases import Store
from workers.archive import driver

AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
WRITTEN = text("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')")


def main(visits: int) -> None:
    """Say how many rows there are, then answer each line."""
    with environment(lambda _: None) as made:
        rows = _visits.make(visits)
        servers = [Path(made.servers.postgres[name].data) for name in ("primary", "visits")]
        _say({"rows": rows})
        for _ in sys.stdin:
            _visits.put_back()
            _say(_move(rows, servers))


def _move(rows: int, servers: list[Path]) -> dict[str, float]:
    began, cpu, wal = time.perf_counter(), _cpu_seconds(servers), _wal_bytes()
    with databases.write() as session:
        run_id = archive.start_run(session, record_type="visit", by=None, as_of=AS_OF).id
    while _state(run_id) in (RunState.PLANNING, RunState.RUNNING):
        driver.drive(run_id)
    seconds = time.perf_counter() - began
    with databases.read(Store.HOT) as session:
        told = queries.run(session, run_id)
    if told is None or told.state != RunState.DONE or told.rows != rows:
        raise RuntimeError(f"the run did not move all: {told}")
    return {"seconds": seconds, "cpu_seconds": _cpu_seconds(servers) - cpu, "wal_bytes": _wal_bytes() - wal}


def _state(run_id: int) -> str:
    with databases.read(Store.HOT) as session:
        found = queries.run(session, run_id)
    return found.state if found is not None else ""


def _wal_bytes() -> float:
    """What the primary and the archive of visits have written ahead so far."""
    servers, total = databases.current(), 0.0
    for store in (Store.HOT, Store.VISITS):
        with servers.engine(store, read_only=False).connect() as connection:
            total += float(connection.scalar(WRITTEN) or 0)
    return total


def _cpu_seconds(servers: list[Path]) -> float:
    """Of this process and of both servers: their first processes, all that have ended, and those that run."""
    mine = psutil.Process().cpu_times()
    total = mine.user + mine.system
    for data in servers:
        first = psutil.Process(int((data / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0]))
        times = first.cpu_times()
        total += times.user + times.system + times.children_user + times.children_system
        total += sum(map(_taken, first.children()))
    return float(total)


def _taken(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def _say(told: dict[str, Any]) -> None:
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
