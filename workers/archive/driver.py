"""Drives a run: the next step of the next batch, until done, paused, failed, or this job's time is up.

State lives in the primary. Each step can be repeated at any point; one driver at a time holds a run's lock, and a
step holds its batch, so that even a driver that lost its lock unawares can't do a step over another's.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core import db, failpoints, policies, queue
from core.db import Store
from core.models import ArchiveRun, Batch, BatchKind, BatchState, RunKind, RunState, Step, StepName, StepState, utc_now
from core.queries.archive import LOST_AFTER
from core.services import archive
from workers.archive import failures, heartbeat, lease, purge, restore, throttles
from workers.archive.faults import Overtaken
from workers.archive.load import load
from workers.archive.plan import plan
from workers.archive.release import release
from workers.archive.sizing import next_batch
from workers.archive.stage import stage
from workers.archive.verify import verify

log = logging.getLogger(__name__)

SLICE_SECONDS = 20.0
THROTTLE_LOOK_SECONDS = 0.25
THROTTLE_PAUSE = timedelta(seconds=2)


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
RESTORE_WORK = {BatchState.PLANNED: Work(StepName.RESTORE, restore.restore, BatchState.RESTORED)}
PLANS = {RunKind.ARCHIVE: plan, RunKind.RESTORE: restore.plan}


def work_on(batch: Batch) -> Work | None:
    """What a batch needs next, if anything."""
    works = RESTORE_WORK if batch.kind == BatchKind.RESTORE else WORK
    return works.get(BatchState(batch.state))


def drive(run_id: int, slice_seconds: float = SLICE_SECONDS) -> str:
    """Advance a run; a job, safe to repeat. Says how it ended. Raises NotNow while another driver has the run."""
    with heartbeat.hold(run_id) as held:
        _abandon_steps(run_id)
        until, throttled = time.monotonic() + slice_seconds, False
        while time.monotonic() < until:
            if held.lost:
                raise queue.NotNow(f"run {run_id} was lost: the primary did not answer")
            if throttled := _throttled(run_id):
                time.sleep(THROTTLE_LOOK_SECONDS)
            elif not advance(run_id):
                return f"run {run_id} rests"
    _enqueue_next(run_id, THROTTLE_PAUSE if throttled else timedelta())
    return f"run {run_id} goes on in the next job"


def _throttled(run_id: int) -> bool:
    """Whether the run must wait before its next batch; the reason is kept with the run, to be shown."""
    with db.read(Store.HOT) as session:
        run = session.get_one(ArchiveRun, run_id)
        if run.state != RunState.RUNNING or _moving_batch(session, run) is not None:
            return False
    why = throttles.reason(run_id)
    if why != run.throttle_reason:
        since = (run.throttled_at or utc_now()) if why else None
        with db.write() as session:
            still = (ArchiveRun.id == run_id, ArchiveRun.state == RunState.RUNNING)
            session.execute(update(ArchiveRun).where(*still).values(throttle_reason=why, throttled_at=since))
    return why is not None


def _enqueue_next(run_id: int, pause: timedelta) -> None:
    with db.write() as session:
        session.execute(update(ArchiveRun).where(ArchiveRun.id == run_id).values(wakes_at=utc_now() + pause))
        archive.enqueue(session, run_id, delay=pause)


def advance(run_id: int) -> bool:
    """Take one step of a run; whether there is more to do at once."""
    with db.write() as session:
        step_id = _next_step(session, session.get_one(ArchiveRun, run_id, with_for_update=True))
    if step_id is None:
        return False
    try:
        _perform(step_id)
    except Exception as fault:
        with db.write() as session:
            return failures.note(session, step_id, fault)
    return True


def _next_step(session: Session, run: ArchiveRun) -> int | None:
    """Begin the run's next step; None if it rests, or has just ended."""
    run.heartbeat_at, run.wakes_at = utc_now(), None
    if run.state == RunState.PLANNING:
        return _begin(session, run, None)
    if run.state != RunState.RUNNING:
        return None
    batch = _moving_batch(session, run) or next_batch(session, run)
    if batch is None:
        archive.move(run, RunState.DONE)
        return None
    return _begin(session, run, batch)


def _moving_batch(session: Session, run: ArchiveRun) -> Batch | None:
    moving = select(Batch).where(Batch.run_id == run.id, Batch.state.in_(WORK))
    return session.scalar(moving.order_by(Batch.ordinal).limit(1))


def _begin(session: Session, run: ArchiveRun, batch: Batch | None) -> int:
    work = work_on(batch) if batch is not None else None
    name = work.name if work is not None else StepName.PLAN
    batch_id = batch.id if batch is not None else None
    step = Step(
        run_id=run.id,
        batch_id=batch_id,
        name=name,
        attempt=failures.attempts(session, run, batch_id, name) + 1,
        state=StepState.RUNNING,
        worker=lease.worker_name(),
    )
    session.add(step)
    session.flush()
    return step.id


def _perform(step_id: int) -> None:
    """Do a step's work and note its end in one transaction: for release, the one that removes the rows."""
    with db.write() as session:
        step = session.get_one(Step, step_id)
        failpoints.hit(f"{step.name}.begun")
        run = session.get_one(ArchiveRun, step.run_id)
        if step.batch_id is None:
            _plan(session, run, step)
        else:
            _move(session, run, step)
        step.state, step.finished_at = StepState.DONE, utc_now()
        failpoints.hit(f"{step.name}.before_commit")
    failpoints.hit(f"{step.name}.after_commit")
    if step.name == StepName.RESTORE and step.batch_id is not None:
        purge.note_position(step.batch_id, session.info["position"])


def _plan(session: Session, run: ArchiveRun, step: Step) -> None:
    selected = PLANS[RunKind(run.kind)](session, run)
    run = session.get_one(ArchiveRun, run.id, with_for_update=True, populate_existing=True)
    archive.move(run, RunState.RUNNING)
    step.rows = run.selected = selected


def _move(session: Session, run: ArchiveRun, step: Step) -> None:
    db.databases().adapter.limit_idle(session.connection(), heartbeat.STEP_IDLE_SECONDS)
    batch = session.get_one(Batch, step.batch_id, with_for_update={"nowait": True})
    work = work_on(batch)
    if work is None or work.name != step.name:
        raise Overtaken(f"batch {batch.id} is {batch.state}: another worker has done {step.name}")
    policies.check_transition(f"batch {batch.id}", batch.state, work.leads_to)
    step.rows = work.perform(session, batch, run)
    batch.state, batch.updated_at = work.leads_to, utc_now()
    batch.failed_step = batch.reason = None


def _abandon_steps(run_id: int) -> None:
    """Steps that a lost worker left running have failed: whoever holds the run's lock is its only driver."""
    with db.write() as session:
        session.execute(
            update(Step)
            .where(Step.run_id == run_id, Step.state == StepState.RUNNING)
            .values(
                state=StepState.FAILED,
                cause="its worker stopped before the end",
                fault="worker lost",
                finished_at=utc_now(),
            )
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
    silent = utc_now() - LOST_AFTER
    with db.write() as session:
        moving = ArchiveRun.state.in_((RunState.PLANNING, RunState.RUNNING))
        quiet = ArchiveRun.heartbeat_at.is_(None) | (ArchiveRun.heartbeat_at < silent)
        awake = ArchiveRun.wakes_at.is_(None) | (ArchiveRun.wakes_at < silent)
        found = session.scalars(select(ArchiveRun).where(moving, quiet, awake)).all()
        resumed = [run.id for run in found if archive.enqueue_unless_waiting(session, run)]
    return f"{len(resumed)} run(s) resumed"
