"""Who did what to an archive run, and an estimate of the next run from earlier ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.models import ArchiveRun, Batch, BatchKind, RunEvent, RunKind, RunState
from core.queries import archive_pace

RUNS_LOOKED_AT = 5


@dataclass(frozen=True)
class RunEventLine:
    """`action` is start, restore, pause, resume or redrive."""

    action: str
    by_name: str
    at: datetime


@dataclass(frozen=True)
class Estimate:
    """What moving `roots` would take, by the rates of the last `runs` runs of the same record type."""

    rows: int
    batches: int
    seconds: float
    runs: int


def events(session: Session, run_id: int) -> list[RunEventLine]:
    """What was done to a run, oldest first."""
    query = select(RunEvent.action, RunEvent.by_name, RunEvent.at).where(RunEvent.run_id == run_id)
    return [RunEventLine(*row) for row in session.execute(query.order_by(RunEvent.id))]


def estimate(session: Session, record_type: str, roots: int) -> Estimate | None:
    """How long it would take; None without an earlier run. Time in which runs were paused or failed does not count."""
    moved = (
        select(
            ArchiveRun.id,
            func.min(ArchiveRun.started_at).label("began"),
            func.max(ArchiveRun.finished_at).label("ended"),
            func.sum(Batch.released_roots).label("roots"),
            func.sum(Batch.released_rows).label("rows"),
            func.count(Batch.id).label("batches"),
        )
        .join(Batch, Batch.run_id == ArchiveRun.id)
        .where(
            ArchiveRun.record_type == record_type,
            ArchiveRun.kind == RunKind.ARCHIVE,
            ArchiveRun.state == RunState.DONE,
            Batch.kind == BatchKind.ROOTS,
            Batch.released_roots > 0,
        )
        .group_by(ArchiveRun.id)
        .order_by(ArchiveRun.id.desc())
        .limit(RUNS_LOOKED_AT)
    )
    runs = session.execute(moved).all()
    if not runs:
        return None
    waited = archive_pace.idle(session, [run.id for run in runs])
    at_work = sum((run.ended - run.began - waited.get(run.id, timedelta()) for run in runs), timedelta())
    share = roots / int(sum(run.roots for run in runs))
    return Estimate(
        rows=round(share * int(sum(run.rows for run in runs))),
        batches=max(1, round(share * sum(run.batches for run in runs))),
        seconds=share * at_work.total_seconds(),
        runs=len(runs),
    )
