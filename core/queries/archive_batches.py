"""A run's batches and the attempts at their steps, as the dashboard follows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import RowMapping, Select, case, func, select
from sqlalchemy.orm import Session

from core.engines.functions import seconds_between
from core.models import Batch, BatchKind, BatchState, Step, StepName, StepState
from core.queries.archive import ENDED


@dataclass(frozen=True)
class BatchLine:
    """A batch as the dashboard shows it; `seconds` is the work of all attempts.

    `kind` is roots, stragglers (late children of archived roots) or restore; `size_reason` says why it has its size;
    `departed_rows` counts rows that left the archive again, restored or erased; at `expired_at` the staged files of the
    batch were deleted.
    """

    id: int
    run_id: int
    record_type: str
    ordinal: int
    state: str
    roots: int
    rows: int
    released_roots: int
    released_rows: int
    superseded_rows: int
    content_hash: str | None
    failed_step: str | None
    reason: str | None
    attempts: int
    seconds: float
    updated_at: datetime
    kind: str
    size_reason: str | None
    departed_rows: int
    of_batch_id: int | None
    patient_id: int | None
    first_at: datetime | None
    last_at: datetime | None
    first_id: int | None
    last_id: int | None
    first_place: int | None
    last_place: int | None
    staged_key: str | None
    staging_key_id: str | None
    expired_at: datetime | None


@dataclass(frozen=True)
class StepLine:
    """One attempt at one step. `fault` is the class of its fault; at `retry_at` the step is tried again by itself."""

    id: int
    batch_id: int | None
    ordinal: int | None
    name: str
    attempt: int
    state: str
    rows: int
    cause: str | None
    worker: str | None
    started_at: datetime
    finished_at: datetime | None
    fault: str | None
    retry_at: datetime | None

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it is at work."""
        return (self.finished_at - self.started_at).total_seconds() if self.finished_at else None


@dataclass(frozen=True)
class SizedBatch:
    """How large a batch of roots was, why, and the seconds of its longest step."""

    ordinal: int
    roots: int
    seconds: float | None
    reason: str | None


COUNTED = ("attempts", "seconds")


def batches(session: Session, run_id: int, limit: int = 100) -> list[BatchLine]:
    """A run's batches: first those that failed or are moving, then the newest."""
    rank = case((Batch.failed_step.is_not(None), 0), (Batch.state.in_((BatchState.RELEASED, *ENDED)), 2), else_=1)
    started = case((Batch.state == BatchState.PLANNED, 1), else_=0)
    query = _lines(run_id).order_by(rank, started, Batch.ordinal.desc()).limit(limit)
    return [_line(row) for row in session.execute(query).mappings()]


def batch(session: Session, run_id: int, batch_id: int) -> BatchLine | None:
    """One batch of a run, or None."""
    row = session.execute(_lines(run_id).where(Batch.id == batch_id)).mappings().one_or_none()
    return _line(row) if row is not None else None


def _lines(run_id: int) -> Select[tuple[object, ...]]:
    spent = func.coalesce(func.sum(seconds_between(Step.started_at, Step.finished_at)), 0)
    work = (
        select(Step.batch_id, func.count().label("attempts"), spent.label("seconds"))
        .where(Step.run_id == run_id)
        .group_by(Step.batch_id)
        .subquery()
    )
    names = [name for name in BatchLine.__dataclass_fields__ if name not in COUNTED]
    columns = [*(getattr(Batch, name) for name in names), work.c.attempts, work.c.seconds]
    return select(*columns).outerjoin(work, work.c.batch_id == Batch.id).where(Batch.run_id == run_id)


def _line(row: RowMapping) -> BatchLine:
    return BatchLine(**{**row, "attempts": row["attempts"] or 0, "seconds": float(row["seconds"] or 0)})


def steps(
    session: Session, run_id: int, batch_id: int | None = None, *, failed: bool = False, limit: int = 200
) -> list[StepLine]:
    """Attempts at steps, newest first; of one batch, or only those that failed, if asked for."""
    names = [name for name in StepLine.__dataclass_fields__ if name != "ordinal"]
    query = select(*(getattr(Step, name) for name in names), Batch.ordinal)
    query = query.outerjoin(Batch, Batch.id == Step.batch_id).where(Step.run_id == run_id)
    if batch_id is not None:
        query = query.where(Step.batch_id == batch_id)
    if failed:
        query = query.where(Step.state == StepState.FAILED)
    return [StepLine(**row) for row in session.execute(query.order_by(Step.id.desc()).limit(limit)).mappings()]


def sizes(session: Session, run_id: int, limit: int = 60) -> list[SizedBatch]:
    """The latest batches of roots, oldest first."""
    longest = func.max(seconds_between(Step.started_at, Step.finished_at))
    query = (
        select(Batch.ordinal, Batch.roots, longest, Batch.size_reason)
        .outerjoin(Step, (Step.batch_id == Batch.id) & (Step.name != StepName.PURGE))
        .where(Batch.run_id == run_id, Batch.kind == BatchKind.ROOTS)
        .group_by(Batch.id)
        .order_by(Batch.ordinal.desc())
        .limit(limit)
    )
    return [
        SizedBatch(ordinal, roots, float(seconds) if seconds is not None else None, reason)
        for ordinal, roots, seconds, reason in reversed(session.execute(query).all())
    ]
