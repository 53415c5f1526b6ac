"""How long runs were at work: a night that a run was paused, or had failed, does not count as work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.models import ArchiveRun, RunEvent, Step

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
