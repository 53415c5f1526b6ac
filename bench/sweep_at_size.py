"""A first sweep of visits that lie in the order of their times, or patient by patient: batches by place against
batches by time, in turn on the same servers. Scale 1 is 20 million rows; each row is staged, loaded, hashed on both
sides and released.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select

from bench import _visits
from bench._cost import spent
from bench._environment import Environment, environment
from bench._spread import spread
from core.models import ArchiveRun, Batch, RunState
from core.queries import archive as queries
from core.services import archive
from core.stores import databases
from core.stores.databases import Store
from workers.archive import cutting, driver

VISITS = 2_860_000
REPETITIONS = 2
ORDERS = {"by_time": False, "by_place": True}
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)

Figures = dict[str, list[float]]


def run(scale: float, say: Callable[[str], None]) -> dict[str, Any]:
    """By layout and order: rows a second, and WAL bytes and microseconds of the primary's processors for a row."""
    figures: dict[str, Any] = {}
    for layout in _visits.LAYOUTS:
        with environment(say) as made:
            rows = _visits.make(round(VISITS * scale), layout)
            say(f"{rows:,} rows, laid {layout}")
            measured: dict[str, Figures] = {order: defaultdict(list) for order in ORDERS}
            for repetition in range(REPETITIONS):
                for order in list(ORDERS)[:: 1 if repetition % 2 == 0 else -1]:
                    _visits.put_back()
                    _measure(made, order, rows, measured[order])
                    shown = ", ".join(f"{name} {values[-1]:,.1f}" for name, values in measured[order].items())
                    say(f"laid {layout}, moved {order}: {shown}")
        laid = layout.replace(" ", "_")
        figures |= {f"laid_{laid}_moved_{order}": _spreads(measured[order]) for order in ORDERS} | {"rows": rows}
    return figures


def _spreads(figures: Figures) -> dict[str, dict[str, float]]:
    return {name: spread(values) for name, values in figures.items()}


def _measure(made: Environment, order: str, rows: int, into: Figures) -> None:
    server = made.servers.postgres["primary"]
    with _ordered(by_place=ORDERS[order]):
        before, began = spent(server), time.perf_counter()
        batches = _sweep(rows)
        seconds, cost = time.perf_counter() - began, spent(server).since(before)
    into["rows_per_second"].append(rows / seconds)
    into["wal_bytes_of_a_row"].append(cost.wal_bytes / rows)
    into["primary_cpu_us_of_a_row"].append(cost.cpu_seconds / rows * 1e6)
    into["batches"].append(batches)


@contextmanager
def _ordered(*, by_place: bool) -> Iterator[None]:
    chosen = cutting.last_place
    if not by_place:
        cutting.last_place = lambda *_: None
    try:
        yield
    finally:
        cutting.last_place = chosen


def _sweep(rows: int) -> int:
    with databases.write() as session:
        run_id = archive.start_run(session, record_type="visit", by=None, as_of=AS_OF).id
    summary = None
    while summary is None or summary.state in (RunState.PLANNING, RunState.RUNNING):
        driver.drive(run_id)
        with databases.read(Store.HOT) as session:
            summary = queries.run(session, run_id)
            batches = session.scalar(select(func.count()).select_from(Batch).where(Batch.run_id == run_id))
            if session.get_one(ArchiveRun, run_id).state == RunState.FAILED:
                break
    if summary is None or summary.state != RunState.DONE or summary.rows != rows:
        raise RuntimeError(f"the run did not move all: {summary}")
    return batches or 0
