"""How long runs were at work, and how fast they are now: a night that a run was paused, or had failed, is no work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.models import ArchiveRun, Batch, RunEvent, RunKind, Step, StepName, StepState

RECENT = timedelta(minutes=5)
GOES_ON = ("resume", "redrive")


def idle(session: Session, run_ids: Collection[int]) -> dict[int, timedelta]:
    """Per run, the time between the end of a step and the resume or redrive that followed it, for runs that had one."""
    ended = (
        select(func.max(Step.finished_at))
        .where(Step.run_id == RunEvent.run_id, Step.finished_at <= RunEvent.at)
        .correlate(RunEvent)
        .scalar_subquery()
    )
    went_on = RunEvent.run_id.in_(run_ids), RunEvent.action.in_(GOES_ON)
    query = (
        select(RunEvent.run_id, ended, ArchiveRun.started_at, RunEvent.at)
        .join(ArchiveRun, ArchiveRun.id == RunEvent.run_id)
        .where(*went_on)
    )
    waited: defaultdict[int, timedelta] = defaultdict(timedelta)
    for run_id, ended_at, started_at, at in session.execute(query):
        since = ended_at or started_at
        waited[run_id] += at - since if since is not None else timedelta()
    return dict(waited)


def recent_roots_per_second(session: Session, run: ArchiveRun) -> float | None:
    """How fast a run moved in its last minutes at work; None before its first batch has moved."""
    restores = run.kind == RunKind.RESTORE
    moves = (
        Step.run_id == run.id,
        Step.name == (StepName.RESTORE if restores else StepName.RELEASE),
        Step.state == StepState.DONE,
    )
    newest = session.scalar(select(func.max(Step.finished_at)).where(*moves))
    if newest is None:
        return None
    roots = Batch.roots if restores else Batch.released_roots
    moved = select(func.sum(roots), func.min(Batch.id)).join_from(Step, Batch, Batch.id == Step.batch_id)
    count, first = session.execute(moved.where(*moves, Step.finished_at > newest - RECENT)).one()
    began = session.scalar(select(func.min(Step.started_at)).where(Step.batch_id == first)) or newest
    went_on = select(func.max(RunEvent.at)).where(RunEvent.run_id == run.id, RunEvent.action.in_(GOES_ON))
    resumed = session.scalar(went_on.where(RunEvent.at < newest))
    since = max(filter(None, (newest - RECENT, began, resumed)))
    seconds = (newest - since).total_seconds()
    return float(count) / seconds if seconds > 0 and count else None
