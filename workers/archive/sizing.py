"""The next batch of roots: where it begins and ends, how many roots it has, and why."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from core.archiving.eligible import may_move
from core.engines.functions import seconds_between
from core.models import ArchiveRun, Batch, BatchKind, BatchState, RunKind, Step, StepState
from core.models.record_types import RECORD_TYPES, RecordType
from core.stores import databases

ROOTS_MIN, ROOTS_MAX = 100, 50_000
# Where rows per second are limited, a batch has the rows of this many seconds.
BURST_SECONDS = 10
STEP_UP, STEP_DOWN = 2.0, 0.5
AVERAGE_OF = 5


class Size(NamedTuple):
    """Roots in a batch, and the reason to show."""

    roots: int
    reason: str


def next_batch(session: Session, run: ArchiveRun) -> Batch | None:
    """Cut the next batch of cold roots, from where the run's last one ended; None when there are no more."""
    if run.dry_run or run.kind == RunKind.RESTORE:
        return None
    record_type = RECORD_TYPES[run.record_type]
    size = next_size(session, run)
    edges = _edges(session, run, record_type, size.roots)
    if not edges:
        return None
    first, last = edges[0], edges[-1]
    ordinal = session.scalar(select(func.max(Batch.ordinal)).where(Batch.run_id == run.id)) or 0
    batch = Batch(
        run_id=run.id,
        kind=BatchKind.ROOTS,
        record_type=run.record_type,
        ordinal=ordinal + 1,
        state=BatchState.PLANNED,
        roots=last.place,
        first_at=first.at,
        first_id=first.id,
        last_at=last.at,
        last_id=last.id,
        size_reason=size.reason,
    )
    session.add(batch)
    session.flush()
    return batch


class Edge(NamedTuple):
    """A batch's first or last root: its time, its id, and its place in the batch, from 1."""

    at: object
    id: int
    place: int


def _edges(session: Session, run: ArchiveRun, record_type: RecordType, size: int) -> list[Edge]:
    at, row_id = record_type.root.c[record_type.time_column], record_type.root.c.id
    cold = select(at.label("at"), row_id.label("id")).where(may_move(record_type, run.cutoff_at))
    after = _after_last(session, run, record_type)
    if after is not None:
        cold = cold.where(after)
    chosen = cold.order_by(at, row_id).limit(size).cte("chosen")
    placed = select(chosen, func.row_number().over(order_by=(chosen.c.at, chosen.c.id)).label("place")).cte("placed")
    count = select(func.count()).select_from(chosen).scalar_subquery()
    query = select(placed).where(placed.c.place.in_((1, count))).order_by(placed.c.place)
    return [Edge(*row) for row in session.execute(query)]


def _after_last(session: Session, run: ArchiveRun, record_type: RecordType) -> ColumnElement[bool] | None:
    of_run = select(Batch).where(Batch.run_id == run.id, Batch.kind == BatchKind.ROOTS)
    before = session.scalar(of_run.order_by(Batch.ordinal.desc()).limit(1))
    if before is None:
        return None
    at, row_id = record_type.root.c[record_type.time_column], record_type.root.c.id
    return and_(at >= before.last_at, or_(at > before.last_at, row_id > before.last_id))


def next_size(session: Session, run: ArchiveRun) -> Size:
    """How many roots the next batch has: as asked for, or so many that its longest step takes the target time."""
    if not run.tunes_size:
        return Size(run.batch_rows, "as asked for")
    settings = databases.current().settings
    target, pace = settings.archive_step_seconds, settings.archive_rows_per_second
    recent = _longest_steps(session, run)
    if not recent:
        return Size(run.batch_rows, "the first: as set by STRATA_ARCHIVE_BATCH_ROWS")
    roots, seconds, _ = recent[0]
    all_roots = sum(moved.roots for moved in recent)
    average = sum(moved.seconds for moved in recent) / all_roots
    wanted = min(max(target / max(average, 1e-9), roots * STEP_DOWN), roots * STEP_UP)
    size = round(min(max(wanted, ROOTS_MIN), ROOTS_MAX))
    rows_of_a_root = max(sum(moved.rows for moved in recent) / all_roots, 1)
    burst = max(round(pace * BURST_SECONDS / rows_of_a_root), 1)
    if pace and burst < size:
        return Size(burst, f"{BURST_SECONDS} s of rows at {pace:,} rows/s, {rows_of_a_root:.1f} for each")
    return Size(size, f"longest step {seconds:.2f} s for {roots:,}, aiming at {target:.2f} s")


class Moved(NamedTuple):
    """A batch that was moved: its roots, the seconds of its longest step, its rows in all."""

    roots: int
    seconds: float
    rows: int


def _longest_steps(session: Session, run: ArchiveRun) -> list[Moved]:
    """The last batches moved without a failed step; newest first."""
    seconds = func.max(seconds_between(Step.started_at, Step.finished_at))
    query = (
        select(Batch.roots, seconds, Batch.rows)
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
        .limit(AVERAGE_OF)
    )
    return [Moved(roots, float(spent), rows) for roots, spent, rows in session.execute(query)]
