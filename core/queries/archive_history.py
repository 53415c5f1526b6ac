"""Who did what to an archive run, and what earlier runs let expect of the next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.models import ArchiveRun, Batch, BatchKind, RunEvent, RunKind, RunState

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
    """None where there is no earlier run to go by."""
    moved = (
        select(
            ArchiveRun.id,
            func.extract("epoch", func.max(ArchiveRun.finished_at) - func.min(ArchiveRun.started_at)).label("seconds"),
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
        .subquery()
    )
    sums = [func.coalesce(func.sum(moved.c[name]), 0) for name in ("roots", "rows", "batches", "seconds")]
    count, of_roots, rows, batches, seconds = session.execute(select(func.count(), *sums).select_from(moved)).one()
    if not count:
        return None
    share = roots / float(of_roots)
    return Estimate(round(share * float(rows)), max(1, round(share * float(batches))), share * float(seconds), count)
