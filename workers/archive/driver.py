"""Drives a run: the next step of the next batch, until done, paused, failed, or this job's time is up.

State lives in the primary. Each step can be repeated at any point; one driver at a time holds a run's lock.
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core import db, failpoints, policies, queue
from core.db import Store
from core.models import ArchiveRun, Batch, BatchState, RunState, Step, StepName, StepState, utc_now
from core.services import archive
from workers.archive import failures
from workers.archive.load import load
from workers.archive.plan import plan
from workers.archive.release import release
from workers.archive.stage import stage
from workers.archive.verify import verify

log = logging.getLogger(__name__)

SLICE_SECONDS = 20.0
SILENT_AFTER = timedelta(seconds=60)


class Work(NamedTuple):
    """A batch's step: what does it, and the state it leads to."""

    name: StepName
    perform: Callable[[Session, Batch, ArchiveRun], int]
    leads_to: BatchState


WORK = {
    BatchState.PLANNED: Work(StepName.STAGE, stage, BatchState.STAGED),
    BatchState.STAGED: Work(StepName.LOAD, load, BatchState.LOADED),
    BatchState.LOADED: Work(StepName.VERIFY, verify, BatchState.VERIFIED),
    BatchState.VERIFIED: Work(StepName.RELEASE, release, BatchState.RELEASED),
}


def drive(run_id: int, slice_seconds: float = SLICE_SECONDS) -> str:
    """Advance a run; a job, safe to repeat. Says how it ended. Raises NotNow while another driver has the run."""
    databases = db.databases()
    with databases.engine(Store.HOT, read_only=False).connect() as holder, holder.begin():
        if not databases.adapter.try_lock(holder, f"archive run {run_id}"):
            raise queue.NotNow(f"another worker drives run {run_id}")
        _abandon_steps(run_id)
        until = time.monotonic() + slice_seconds
        while time.monotonic() < until:
            if not advance(run_id):
                return f"run {run_id} rests"
    with db.write() as session:
        archive.enqueue(session, run_id)
    return f"run {run_id} goes on in the next job"


def advance(run_id: int) -> bool:
    """Take one step of a run; whether there is more to do at once."""
    with db.write() as session:
        run = session.get_one(ArchiveRun, run_id, with_for_update=True)
        if run.state not in (RunState.PLANNING, RunState.RUNNING):
            return False
        batch = _next_batch(session, run) if run.state == RunState.RUNNING else None
        if run.state == RunState.RUNNING and batch is None:
            archive.move(run, RunState.DONE)
            return False
        step_id = _begin(session, run, batch).id
    try:
        _perform(step_id)
    except Exception as fault:
        return failures.note(step_id, fault)
    return True


def _next_batch(session: Session, run: ArchiveRun) -> Batch | None:
    moving = select(Batch).where(Batch.run_id == run.id, Batch.state.in_(WORK))
    return session.scalar(moving.order_by(Batch.ordinal).limit(1))


def _begin(session: Session, run: ArchiveRun, batch: Batch | None) -> Step:
    name = StepName.PLAN if batch is None else WORK[BatchState(batch.state)].name
    batch_id = batch.id if batch is not None else None
    step = Step(
        run_id=run.id,
        batch_id=batch_id,
        name=name,
        attempt=failures.attempts(session, run, batch_id, name) + 1,
        state=StepState.RUNNING,
        worker=socket.gethostname()[:120],
    )
    run.heartbeat_at = utc_now()
    session.add(step)
    session.flush()
    return step


def _perform(step_id: int) -> None:
    """Do a step's work and note its end in one transaction: for release, the one that removes the rows."""
    with db.write() as session:
        step = session.get_one(Step, step_id)
        failpoints.hit(f"{step.name}.begun")
        run = session.get_one(ArchiveRun, step.run_id)
        if step.batch_id is None:
            step.rows = plan(session, run)
            archive.move(session.get_one(ArchiveRun, run.id, with_for_update=True), RunState.RUNNING)
        else:
            batch = session.get_one(Batch, step.batch_id)
            work = WORK[BatchState(batch.state)]
            policies.check_transition(f"batch {batch.id}", batch.state, work.leads_to)
            step.rows = work.perform(session, batch, run)
            batch.state, batch.updated_at = work.leads_to, utc_now()
            batch.failed_step = batch.reason = None
        step.state, step.finished_at = StepState.DONE, utc_now()
        session.execute(update(ArchiveRun).where(ArchiveRun.id == run.id).values(heartbeat_at=utc_now()))
        failpoints.hit(f"{step.name}.before_commit")
    failpoints.hit(f"{step.name}.after_commit")


def _abandon_steps(run_id: int) -> None:
    """Steps that a lost worker left running have failed: whoever holds the run's lock is its only driver."""
    with db.write() as session:
        session.execute(
            update(Step)
            .where(Step.run_id == run_id, Step.state == StepState.RUNNING)
            .values(state=StepState.FAILED, cause="its worker stopped before the end", finished_at=utc_now())
        )


def sweep(record_type: str) -> str:
    """Start a run of one record type, as the schedule does; does nothing while one is under way."""
    with db.write() as session:
        try:
            run = archive.start_run(session, record_type=record_type, by=None)
        except archive.RunUnderWay as under_way:
            return str(under_way)
    return f"run {run.id} started"


def resume_runs() -> str:
    """Drive every run that should be moving and has been silent: its worker was lost, or its job."""
    silent = utc_now() - SILENT_AFTER
    with db.write() as session:
        moving = ArchiveRun.state.in_((RunState.PLANNING, RunState.RUNNING))
        quiet = ArchiveRun.heartbeat_at.is_(None) | (ArchiveRun.heartbeat_at < silent)
        found = session.scalars(select(ArchiveRun.id).where(moving, quiet)).all()
        for run_id in found:
            archive.enqueue(session, run_id)
    return f"{len(found)} run(s) resumed"
