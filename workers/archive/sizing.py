"""How many roots the next batch of a run has, and why."""

from __future__ import annotations

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from core.engines.functions import seconds_between
from core.models import ArchiveRun, Batch, BatchKind, BatchState, Step, StepState
from core.stores import databases
from workers.archive import tuning
from workers.archive.tuning import Moved, Size

# Where rows per second are limited, a batch has the rows of this many seconds.
BURST_SECONDS = 10
# Older batches teach nothing: so a long run tries again what has been slow once.
LAST_BATCHES = 100


def next_size(session: Session, run: ArchiveRun) -> Size:
    """How many roots the next batch has: as asked for, or so many that the run moves most rows within its limits."""
    if not run.tunes_size:
        return Size(run.batch_rows, "as asked for")
    settings = databases.current().settings
    moved = _moved(session, run)
    if not moved:
        return Size(run.batch_rows, "the first: as set by STRATA_ARCHIVE_BATCH_ROWS")
    size, pace = tuning.choose(moved, settings.archive_step_seconds), settings.archive_rows_per_second
    rows_of_a_root = max(sum(one.rows for one in moved) / sum(one.roots for one in moved), 1)
    burst = max(round(pace * BURST_SECONDS / rows_of_a_root), 1)
    if pace and burst < size.roots:
        return Size(burst, f"{BURST_SECONDS} s of rows at {pace:,} rows/s, {rows_of_a_root:.1f} for each")
    return size


def _moved(session: Session, run: ArchiveRun) -> list[Moved]:
    """The last batches moved without a failed step, oldest first. A batch may have fewer roots than were asked for."""
    spent = seconds_between(Step.started_at, Step.finished_at)
    query = (
        select(Batch.roots, func.max(spent), func.sum(spent), Batch.rows)
        .join(Step, Step.batch_id == Batch.id)
        .where(
            Batch.run_id == run.id,
            Batch.kind == BatchKind.ROOTS,
            Batch.state == BatchState.RELEASED,
            Batch.roots > 0,
        )
        .group_by(Batch.id)
        .having(func.max(case((Step.state == StepState.DONE, 0), else_=1)) == 0)
        .order_by(Batch.ordinal.desc())
        .limit(LAST_BATCHES)
    )
    return [
        Moved(roots, float(longest), float(seconds), rows)
        for roots, longest, seconds, rows in reversed(session.execute(query).all())
    ]
