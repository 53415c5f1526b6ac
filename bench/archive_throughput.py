"""Our move (staged, loaded, verified by a hash per row, released) against a bare COPY out, COPY in and batched DELETE
of the same rows with no check, in turn on the same servers; and against pt-archiver where that is installed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, Connection, Table, func, literal, select, text

from bench import _visits
from bench._environment import environment
from bench._pt_archiver import compare as compare_pt_archiver
from bench._spread import spread
from core.models import Batch, RunState, Step
from core.models.record_types import BATCH_COLUMN, VISIT, archive_table
from core.queries import archive as queries
from core.services import archive
from core.stores import databases
from core.stores.databases import Store
from workers.archive import driver

VISITS = 100_000
REPETITIONS = 5
DELETE_ROWS = 10_000
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)


def run(scale: float, say: Callable[[str], None]) -> dict[str, Any]:
    """Figures of `bench archive_throughput`; rates are rows a second, of visits and children alike."""
    with environment(say) as made:
        rows = _visits.make(round(VISITS * scale))
        say(f"{rows:,} rows made")
        bare, ours, steps = [], [], []
        for repetition in range(REPETITIONS):
            for kind in ("bare", "ours") if repetition % 2 == 0 else ("ours", "bare"):
                _visits.put_back()
                rate = rows / (_bare(made.folder) if kind == "bare" else _ours(rows, steps))
                (bare if kind == "bare" else ours).append(rate)
                say(f"repetition {repetition + 1}, {kind}: {rate:,.0f} rows/s")
        pt_archiver = compare_pt_archiver(made.folder, ours, say)
    ratios = [mine / other for mine, other in zip(ours, bare, strict=True)]
    return {
        "ratio_to_bare_copy": spread(ratios),
        **pt_archiver,
        "rows": rows,
        "rows_per_second": spread(ours),
        "bare_rows_per_second": spread(bare),
        "step_seconds": {name: spread([seconds[name] for seconds in steps]) for name in steps[0]},
        "repetitions": REPETITIONS,
    }


def _ours(rows: int, steps: list[dict[str, float]]) -> float:
    with databases.write() as session:
        run_id = archive.start_run(session, record_type="visit", by=None, as_of=AS_OF).id
    began = time.perf_counter()
    while _state(run_id) in (RunState.PLANNING, RunState.RUNNING):
        driver.drive(run_id)
    spent = time.perf_counter() - began
    with databases.read(Store.HOT) as session:
        summary = queries.run(session, run_id)
        seconds = func.sum(func.extract("epoch", Step.finished_at - Step.started_at))
        by_step = session.execute(select(Step.name, seconds).where(Step.run_id == run_id).group_by(Step.name))
        steps.append({name: float(total) for name, total in by_step})
        batches = session.scalar(select(func.count()).select_from(Batch).where(Batch.run_id == run_id))
    if summary is None or summary.state != RunState.DONE or summary.rows != rows:
        raise RuntimeError(f"the run did not move all: {summary}")
    steps[-1]["batches"] = float(batches or 0)
    return spent


def _state(run_id: int) -> str:
    with databases.read(Store.HOT) as session:
        found = queries.run(session, run_id)
    return found.state if found is not None else ""


def _bare(folder: Path) -> float:
    """The same rows by COPY to a file, COPY from it, and DELETE in batches: seconds."""
    servers = databases.current()
    began = time.perf_counter()
    with (
        servers.engine(Store.HOT, read_only=False).connect() as hot,
        servers.engine(Store(VISIT.server), read_only=False).connect() as cold,
    ):
        for connection in (hot, cold):
            connection.execute(text("SET statement_timeout = 0"))
            connection.commit()
        for table in VISIT.tables:
            _copy(hot, cold, table, folder / "bare.copy")
        for table in reversed(VISIT.tables):
            _delete(hot, table)
    servers.dispose()
    return time.perf_counter() - began


def _copy(hot: Connection, cold: Connection, table: Table, file: Path) -> None:
    adapter, columns = databases.current().adapter, [*table.columns.keys()]
    rows = select(*table.columns, literal(1, BigInteger))
    with file.open("wb") as out, adapter.loading.copy_out(hot, rows) as lines:
        for line in lines:
            out.write(line)
    with file.open("rb") as source:
        chunks = iter(lambda: source.read(1 << 20), b"")
        adapter.loading.copy_in(cold, archive_table(table), [*columns, BATCH_COLUMN], chunks)
    cold.commit()
    hot.commit()


def _delete(hot: Connection, table: Table) -> None:
    last = hot.scalar(text(f"SELECT max(id) FROM {table.name}")) or 0
    for first in range(0, last + 1, DELETE_ROWS):
        bounds = {"first": first, "last": first + DELETE_ROWS}
        hot.execute(text(f"DELETE FROM {table.name} WHERE id >= :first AND id < :last"), bounds)
        hot.commit()
