"""One first sweep of visits that lie in the order of time, with the tuner's default settings, and as long as it takes
or for SECONDS_MAX: for a quiet machine. Scale 1 is 20 million rows. `sweep_at_size` compares orders.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from bench import _visits
from bench._cost import Cost, spent
from bench._environment import environment
from bench.sweep_at_size import AS_OF, VISITS
from core.models import Batch, RunState
from core.queries import archive as queries
from core.services import archive
from core.stores import databases
from core.stores.databases import Store
from workers.archive import driver

SECONDS_MAX = 1_200.0
FIRST = 10


def run(scale: float, say: Callable[[str], None]) -> dict[str, Any]:
    """Rows a second of what was moved, and what it cost the primary."""
    with environment(say) as made:
        began = time.perf_counter()
        rows = _visits.lay(round(VISITS * scale))
        _visits.settle()
        say(f"{rows:,} rows laid in {time.perf_counter() - began:.0f} s")
        server = made.servers.postgres["primary"]
        before, began = spent(server), time.perf_counter()
        run_id = _sweep(say)
        seconds, cost = time.perf_counter() - began, spent(server).since(before)
        return _figures(run_id, rows, seconds, cost)


def _sweep(say: Callable[[str], None]) -> int:
    with databases.write() as session:
        run_id = archive.start_run(session, record_type="visit", by=None, as_of=AS_OF).id
    limit = threading.Timer(SECONDS_MAX, _pause, (run_id,))
    limit.daemon = True
    limit.start()
    state = RunState.PLANNING
    while state in (RunState.PLANNING, RunState.RUNNING):
        driver.drive(run_id)
        with databases.read(Store.HOT) as session:
            summary = queries.run(session, run_id)
        if summary is None:
            raise LookupError(f"run {run_id} is gone")
        state = RunState(summary.state)
        say(f"{summary.rows:,} rows moved, {summary.seconds:.0f} s, {state}")
    limit.cancel()
    if state == RunState.FAILED:
        raise RuntimeError(f"the run failed: {summary.reason}")
    return run_id


def _pause(run_id: int) -> None:
    with databases.write() as session:
        archive.pause(session, run_id=run_id, by=None)


def _figures(run_id: int, rows: int, seconds: float, cost: Cost) -> dict[str, Any]:
    with databases.read(Store.HOT) as session:
        by_ordinal = select(Batch.released_rows).where(Batch.run_id == run_id).order_by(Batch.ordinal)
        batches = list(session.scalars(by_ordinal))
    moved = sum(batches)
    return {
        "rows_per_second": round(moved / seconds),
        "seconds": round(seconds, 1),
        "wal_bytes_of_a_row": round(cost.wal_bytes / max(1, moved)),
        "primary_cpu_us_of_a_row": round(cost.cpu_seconds / max(1, moved) * 1e6, 1),
        "rows_moved": moved,
        "rows": rows,
        "batches": len(batches),
        "largest_batch_of_the_first_ten": max(batches[:FIRST], default=0),
        "largest_batch": max(batches, default=0),
    }
