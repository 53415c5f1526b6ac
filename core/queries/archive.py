"""What the archive dashboard and `strata archive status` show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from core.models import ArchiveRun, Batch, BatchState, Holding, Step, StepName, utc_now

REACHED = {
    StepName.STAGE: (
        BatchState.STAGED,
        BatchState.LOADED,
        BatchState.VERIFIED,
        BatchState.RELEASED,
        BatchState.RESTORED,
    ),
    StepName.LOAD: (BatchState.LOADED, BatchState.VERIFIED, BatchState.RELEASED, BatchState.RESTORED),
    StepName.VERIFY: (BatchState.VERIFIED, BatchState.RELEASED, BatchState.RESTORED),
    StepName.RELEASE: (BatchState.RELEASED, BatchState.RESTORED),
}


@dataclass(frozen=True)
class RunSummary:
    """A run and how far it is. Counts are of roots (visits, reports, events); `rows` counts their children too."""

    id: int
    record_type: str
    state: str
    dry_run: bool
    started_by: str
    cutoff_at: datetime
    started_at: datetime
    finished_at: datetime | None
    selected: int
    done: Mapping[StepName, int]
    rows: int
    superseded_rows: int
    batches: int
    failed_step: str | None
    reason: str | None
    seconds: float
    rows_per_second: float
    seconds_left: float | None

    def as_json(self) -> dict[str, object]:
        """The shape that `strata archive run --json` prints."""
        return {
            "run_id": self.id,
            "type": self.record_type,
            "state": self.state,
            "selected": self.selected,
            "staged": self.done[StepName.STAGE],
            "verified": self.done[StepName.VERIFY],
            "released": self.done[StepName.RELEASE],
            "batches": self.batches,
            "failed_step": self.failed_step,
            "reason": self.reason,
            "seconds": round(self.seconds, 3),
            "rows_per_second": round(self.rows_per_second, 1),
        }


@dataclass(frozen=True)
class BatchLine:
    """A batch as the dashboard lists it."""

    id: int
    ordinal: int
    state: str
    roots: int
    rows: int
    released_rows: int
    superseded_rows: int
    content_hash: str | None
    failed_step: str | None
    reason: str | None
    attempts: int
    seconds: float
    updated_at: datetime


@dataclass(frozen=True)
class StepLine:
    """One attempt at one step."""

    id: int
    batch_id: int | None
    name: str
    attempt: int
    state: str
    rows: int
    cause: str | None
    worker: str | None
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True)
class HoldingTotal:
    """What all patients have of one record type in the archive."""

    record_type: str
    roots: int
    rows: int
    first_at: datetime | None
    last_at: datetime | None


def runs(session: Session, limit: int = 50) -> list[RunSummary]:
    """The latest runs, newest first."""
    found = session.scalars(select(ArchiveRun).order_by(ArchiveRun.id.desc()).limit(limit)).all()
    return [_summary(session, run) for run in found]


def run(session: Session, run_id: int) -> RunSummary | None:
    """One run, or None."""
    found = session.get(ArchiveRun, run_id)
    return _summary(session, found) if found is not None else None


def latest(session: Session, record_type: str | None = None) -> RunSummary | None:
    """The newest run, of one record type if given."""
    query = select(ArchiveRun).order_by(ArchiveRun.id.desc()).limit(1)
    found = session.scalar(query.where(ArchiveRun.record_type == record_type) if record_type else query)
    return _summary(session, found) if found is not None else None


def batches(session: Session, run_id: int, limit: int = 100) -> list[BatchLine]:
    """A run's batches: the failed and the moving first, then the newest."""
    spent = func.coalesce(func.sum(func.extract("epoch", Step.finished_at - Step.started_at)), 0)
    work = (
        select(Step.batch_id, func.count().label("attempts"), spent.label("seconds"))
        .where(Step.run_id == run_id)
        .group_by(Step.batch_id)
        .subquery()
    )
    names = ("id", "ordinal", "state", "roots", "rows", "released_rows", "superseded_rows", "content_hash",
             "failed_step", "reason", "updated_at")  # fmt: skip
    rank = case((Batch.failed_step.is_not(None), 0), (Batch.state.in_(REACHED[StepName.RELEASE]), 2), else_=1)
    started = case((Batch.state == BatchState.PLANNED, 1), else_=0)
    query = (
        select(*(getattr(Batch, name) for name in names), work.c.attempts, work.c.seconds)
        .outerjoin(work, work.c.batch_id == Batch.id)
        .where(Batch.run_id == run_id)
        .order_by(rank, started, Batch.ordinal.desc())
        .limit(limit)
    )
    return [
        BatchLine(**{**row, "attempts": row["attempts"] or 0, "seconds": float(row["seconds"] or 0)})
        for row in session.execute(query).mappings()
    ]


def steps(session: Session, run_id: int, batch_id: int | None = None, limit: int = 200) -> list[StepLine]:
    """Attempts at steps, newest first; of one batch if given."""
    names = tuple(StepLine.__dataclass_fields__)
    query = select(*(getattr(Step, name) for name in names)).where(Step.run_id == run_id)
    if batch_id is not None:
        query = query.where(Step.batch_id == batch_id)
    return [StepLine(**row) for row in session.execute(query.order_by(Step.id.desc()).limit(limit)).mappings()]


def holdings(session: Session) -> list[HoldingTotal]:
    """What the archives hold, by record type."""
    query = select(
        Holding.record_type,
        func.sum(Holding.roots),
        func.sum(Holding.rows),
        func.min(Holding.first_at),
        func.max(Holding.last_at),
    ).group_by(Holding.record_type)
    return [
        HoldingTotal(kind, int(roots), int(rows), first, last)
        for kind, roots, rows, first, last in session.execute(query)
    ]


def _summary(session: Session, found: ArchiveRun) -> RunSummary:
    reached = {
        name: func.coalesce(func.sum(case((Batch.state.in_(states), Batch.roots), else_=0)), 0)
        for name, states in REACHED.items()
    }
    released = func.coalesce(func.sum(Batch.released_roots), 0)
    counts = session.execute(
        select(
            func.count(Batch.id),
            func.coalesce(func.sum(Batch.released_rows), 0),
            func.coalesce(func.sum(Batch.superseded_rows), 0),
            reached[StepName.STAGE],
            reached[StepName.LOAD],
            reached[StepName.VERIFY],
            released,
        ).where(Batch.run_id == found.id)
    ).one()
    done = dict(zip(REACHED, map(int, counts[3:]), strict=True))
    failed = session.scalar(select(Batch.failed_step).where(Batch.run_id == found.id, Batch.failed_step.is_not(None)))
    seconds = ((found.finished_at or utc_now()) - found.started_at).total_seconds()
    rows = int(counts[1])
    gone, left = done[StepName.RELEASE], found.selected - done[StepName.RELEASE]
    moving = found.finished_at is None and gone > 0
    return RunSummary(
        id=found.id,
        record_type=found.record_type,
        state=found.state,
        dry_run=found.dry_run,
        started_by=found.started_by,
        cutoff_at=found.cutoff_at,
        started_at=found.started_at,
        finished_at=found.finished_at,
        selected=found.selected,
        done=done,
        rows=rows,
        superseded_rows=int(counts[2]),
        batches=int(counts[0]),
        failed_step=failed or (StepName.PLAN if found.reason and not counts[0] else None),
        reason=found.reason,
        seconds=seconds,
        rows_per_second=rows / seconds if seconds > 0 else 0.0,
        seconds_left=seconds / gone * left if moving else None,
    )
