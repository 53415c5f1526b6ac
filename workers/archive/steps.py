"""The steps of a run: which step is next, and how a step is begun, performed and recorded."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.archiving import failpoints
from core.metrics import counters
from core.models import (
    ArchiveRun,
    Batch,
    BatchKind,
    BatchState,
    RunKind,
    RunState,
    Step,
    StepName,
    StepState,
    transitions,
    utc_now,
)
from core.services import archive
from core.stores import databases
from core.stores.freshness import primary_position
from workers.archive import heartbeat, lease, purge, restore_plan, retry_policy
from workers.archive.cutting import next_batch
from workers.archive.load import load
from workers.archive.plan import plan
from workers.archive.release import release
from workers.archive.restore import restore
from workers.archive.retry_policy import Overtaken
from workers.archive.stage import stage
from workers.archive.verify import verify

NO_BATCH = 0


class Work(NamedTuple):
    """A step of a batch: the function that performs it, and the state that the batch then has."""

    name: StepName
    perform: Callable[[Session, Batch, ArchiveRun], int]
    leads_to: BatchState


WORK = {
    BatchState.PLANNED: Work(StepName.STAGE, stage, BatchState.STAGED),
    BatchState.STAGED: Work(StepName.LOAD, load, BatchState.LOADED),
    BatchState.LOADED: Work(StepName.VERIFY, verify, BatchState.VERIFIED),
    BatchState.VERIFIED: Work(StepName.RELEASE, release, BatchState.RELEASED),
}
RESTORE_WORK = {BatchState.PLANNED: Work(StepName.RESTORE, restore, BatchState.RESTORED)}
PLANS = {RunKind.ARCHIVE: plan, RunKind.RESTORE: restore_plan.plan}


class Begun(NamedTuple):
    """A step that a lane has begun. The run's plan belongs to no batch: its `batch_id` is NO_BATCH."""

    step_id: int
    batch_id: int


def work_on(batch: Batch) -> Work | None:
    """What a batch needs next, if anything."""
    works = RESTORE_WORK if batch.kind == BatchKind.RESTORE else WORK
    return works.get(BatchState(batch.state))


def begin(session: Session, run_id: int, busy: Collection[int] = ()) -> Begun | None:
    """Begin the next step of a run; `busy` are the ids of the batches that other lanes work on.

    Returns None if there is no step to begin: the run is paused, failed or done, it becomes done by this call, or other
    lanes work on all batches that are left.
    """
    run = session.get_one(ArchiveRun, run_id, with_for_update=True)
    run.heartbeat_at, run.wakes_at = utc_now(), None
    if run.state == RunState.PLANNING:
        return _begin(session, run, None) if not busy else None
    if run.state != RunState.RUNNING:
        return None
    batch = waiting_batch(session, run, busy)
    if batch is None and not _stragglers_move(session, run):
        batch = next_batch(session, run)
    if batch is None and not busy:
        archive.move(run, RunState.DONE)
    return _begin(session, run, batch) if batch is not None else None


def waiting_batch(session: Session, run: ArchiveRun, busy: Collection[int] = ()) -> Batch | None:
    """The first batch that needs a step and that no lane works on."""
    moving = select(Batch).where(Batch.run_id == run.id, Batch.state.in_(WORK), Batch.id.not_in(busy))
    return session.scalar(moving.order_by(Batch.ordinal).limit(1))


def _stragglers_move(session: Session, run: ArchiveRun) -> bool:
    """Whether stragglers still move. Roots wait for them: else a row that is edited during this run, and so stays hot,
    would be taken for a straggler.
    """
    late = (Batch.run_id == run.id, Batch.kind == BatchKind.STRAGGLERS, Batch.state.in_(WORK))
    return session.scalar(select(Batch.id).where(*late).limit(1)) is not None


def _begin(session: Session, run: ArchiveRun, batch: Batch | None) -> Begun:
    work = work_on(batch) if batch is not None else None
    name = work.name if work is not None else StepName.PLAN
    batch_id = batch.id if batch is not None else None
    step = Step(
        run_id=run.id,
        batch_id=batch_id,
        name=name,
        attempt=retry_policy.attempts(session, run, batch_id, name) + 1,
        state=StepState.RUNNING,
        worker=lease.worker_name(),
    )
    session.add(step)
    session.flush()
    return Begun(step.id, batch_id or NO_BATCH)


def perform(begun: Begun) -> bool:
    """Perform a step that was begun, or record how it failed. Returns whether the run goes on at once."""
    try:
        _perform(begun.step_id)
    except Exception as fault:
        with databases.write() as session:
            return retry_policy.note(session, begun.step_id, fault)
    return True


def _perform(step_id: int) -> None:
    """Do a step's work and record its end in one transaction; a release removes its rows in this transaction."""
    with databases.write() as session:
        step = session.get_one(Step, step_id)
        failpoints.hit(f"{step.name}.begun")
        run = session.get_one(ArchiveRun, step.run_id)
        if step.batch_id is None:
            _plan(session, run, step)
        else:
            _move(session, run, step)
        step.state, step.finished_at = StepState.DONE, utc_now()
        failpoints.hit(f"{step.name}.before_commit")
    seconds = (step.finished_at - step.started_at).total_seconds()
    counters.archive_step(run.record_type, step.name, step.rows, seconds)
    failpoints.hit(f"{step.name}.after_commit")
    if step.name == StepName.RESTORE and step.batch_id is not None:
        purge.note_position(step.batch_id, primary_position())


def _plan(session: Session, run: ArchiveRun, step: Step) -> None:
    selected = PLANS[RunKind(run.kind)](session, run)
    run = session.get_one(ArchiveRun, run.id, with_for_update=True, populate_existing=True)
    archive.move(run, RunState.RUNNING)
    step.rows = run.selected = selected


def _move(session: Session, run: ArchiveRun, step: Step) -> None:
    databases.current().adapter.limits.limit_idle(session.connection(), heartbeat.STEP_IDLE_SECONDS)
    batch = session.get_one(Batch, step.batch_id, with_for_update={"nowait": True})
    work = work_on(batch)
    if work is None or work.name != step.name:
        raise Overtaken(f"batch {batch.id} is {batch.state}: another worker has done {step.name}")
    transitions.check_transition(f"batch {batch.id}", batch.state, work.leads_to)
    step.rows = work.perform(session, batch, run)
    batch.state, batch.updated_at = work.leads_to, utc_now()
    batch.failed_step = batch.reason = None
