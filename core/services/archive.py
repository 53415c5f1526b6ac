"""What an admin, or the schedule, does to archive runs."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from core import audit
from core.access import permissions
from core.access.permissions import Actor, Right
from core.archiving.eligible import PATIENT
from core.jobs import outbox
from core.models import (
    ArchiveRun,
    Batch,
    BatchState,
    OutboxMessage,
    RunEvent,
    RunState,
    Step,
    StepName,
    StepState,
    transitions,
    utc_now,
)
from core.models.record_types import RECORD_TYPES
from core.stores import databases

SCHEDULE, COMMAND = "the schedule", "the command"
DRIVE = "workers.archive.driver.drive"
JOB_LOST_AFTER = timedelta(minutes=2)


class UnknownRecordType(ValueError):
    """Not a record type that archives hold; the message lists them."""


# Older days are typing errors; a cutoff before the first day of the calendar is no day at all.
YEAR_MIN = 1900


class BadDay(ValueError):
    """No day for a run: what is not cold yet would move, or no record is so old; the message says what to give."""


class RunUnderWay(Exception):
    """A run of this record type has not ended; the message names it and what to do.

    `run_id` is None while it is being started.
    """

    def __init__(self, message: str, run_id: int | None = None, state: str = "") -> None:
        super().__init__(message)
        self.run_id, self.state = run_id, state


def start_run(
    session: Session,
    *,
    record_type: str,
    by: Actor | None,
    as_of: datetime | None = None,
    dry_run: bool = False,
    batch_rows: int | None = None,
    instead_of: str = SCHEDULE,
    patient_id: int | None = None,
) -> ArchiveRun:
    """Start moving what is cold as of an instant (now, unless given): of everybody, or of one patient.

    `by` is None for the schedule and the command, named by `instead_of`; `batch_rows` fixes the size of batches.

    Raises PermissionDenied, UnknownRecordType, BadDay, RunUnderWay.
    """
    check_right(by)
    check_record_type(record_type)
    as_of = _past(as_of)
    check_none_under_way(session, record_type)
    settings = databases.current().settings
    run = ArchiveRun(
        record_type=record_type,
        scope=None if patient_id is None else f"{PATIENT}:{patient_id}",
        state=RunState.PLANNING,
        as_of=as_of,
        cutoff_at=RECORD_TYPES[record_type].cutoff(as_of, settings),
        dry_run=dry_run,
        started_by=by.name if by is not None else instead_of,
        batch_rows=batch_rows or settings.archive_batch_rows,
        tunes_size=batch_rows is None,
    )
    session.add(run)
    session.flush()
    tell(session, run, "start", by=by, instead_of=instead_of, purpose=record_type)
    enqueue(session, run.id)
    return run


def tell(
    session: Session,
    run: ArchiveRun,
    action: str,
    *,
    by: Actor | None,
    instead_of: str = COMMAND,
    patient_id: int | None = None,
    purpose: str | None = None,
) -> None:
    """Record, with the run and in the audit trail, who did what to the run."""
    session.add(RunEvent(run_id=run.id, action=action, by_name=by.name if by is not None else instead_of))
    audit.record(
        session, f"archive.{action}", by=by, patient_id=patient_id, target=f"archive_run:{run.id}", purpose=purpose
    )


def check_right(by: Actor | None) -> None:
    """Raises PermissionDenied unless the actor may run the archive; None (the schedule or the command) may."""
    if by is not None:
        permissions.check(by, Right.ARCHIVE_RUN)


def check_record_type(record_type: str) -> None:
    """Raises UnknownRecordType."""
    if record_type not in RECORD_TYPES:
        raise UnknownRecordType(f"unknown record type {record_type!r}: use {', '.join(RECORD_TYPES)}")


def _past(as_of: datetime | None) -> datetime:
    """The instant as of which a run moves. Raises BadDay: rows that are not cold yet stay where readers expect."""
    now = utc_now()
    if as_of is not None and as_of.year < YEAR_MIN:
        raise BadDay(f"the year {as_of.year} is before all records: give a day from {YEAR_MIN} on, or none for now")
    if as_of is not None and as_of > now:
        raise BadDay(f"{as_of:%-d %b %Y} is in the future: give a day that has begun, or none for now")
    return as_of or now


def check_none_under_way(session: Session, record_type: str) -> None:
    """Keep others from starting a run of this type until the transaction ends. Raises RunUnderWay."""
    if not databases.current().adapter.locks.try_lock(session.connection(), f"start archive {record_type}"):
        raise RunUnderWay(f"a run for {record_type}s is being started: look again")
    open_run = select(ArchiveRun).where(ArchiveRun.record_type == record_type, ArchiveRun.state != RunState.DONE)
    under_way = session.scalar(open_run.limit(1))
    if under_way is not None:
        mend = {RunState.PAUSED: "resume it", RunState.FAILED: "redrive it"}.get(
            RunState(under_way.state), "wait for it"
        )
        message = f"run {under_way.id} for {record_type}s is {under_way.state}: {mend}"
        raise RunUnderWay(message, under_way.id, under_way.state)


def enqueue(session: Session, run_id: int, delay: timedelta = timedelta()) -> None:
    """Decide on a job that drives the run."""
    outbox.add(session, DRIVE, delay=delay, run_id=run_id)


def enqueue_unless_waiting(session: Session, run: ArchiveRun) -> bool:
    """Make a job for a silent run, unless one was made since the run fell silent. Returns whether one is made now."""
    since = max(utc_now() - JOB_LOST_AFTER, run.heartbeat_at or run.started_at)
    made = select(OutboxMessage.arguments).where(
        OutboxMessage.task == DRIVE, OutboxMessage.done_at.is_(None), OutboxMessage.created_at > since
    )
    if any(arguments.get("run_id") == run.id for arguments in session.scalars(made)):
        return False
    enqueue(session, run.id)
    return True


def move(run: ArchiveRun, to: RunState) -> None:
    """Change a run's state. Raises InvalidTransition."""
    transitions.check_transition(f"run {run.id}", run.state, to)
    run.state = to
    run.finished_at = utc_now() if to in (RunState.DONE, RunState.FAILED) else None
    if to != RunState.RUNNING:
        run.throttle_reason = run.throttled_at = run.wakes_at = None


def pause(session: Session, *, run_id: int, by: Actor | None) -> ArchiveRun:
    """Stop a run after its present step. Raises PermissionDenied, InvalidTransition."""
    run = _locked(session, run_id, by)
    move(run, RunState.PAUSED)
    tell(session, run, "pause", by=by)
    return run


def resume(session: Session, *, run_id: int, by: Actor | None) -> ArchiveRun:
    """Let a paused run go on. Raises PermissionDenied, InvalidTransition."""
    run = _locked(session, run_id, by)
    transitions.check_transition(f"run {run.id}", run.state, RunState.RUNNING)
    return _go_on(session, run, RunState.RUNNING, "resume", by)


def redrive(session: Session, *, run_id: int, by: Actor | None) -> ArchiveRun:
    """Try a failed run again where it failed, however long ago. Raises PermissionDenied, InvalidTransition."""
    run = _locked(session, run_id, by)
    planned = session.scalar(select(Step.id).where(*_done_plan(run)).limit(1)) is not None
    run.reason, run.redriven_at = None, utc_now()
    session.execute(update(Batch).where(Batch.run_id == run.id).values(failed_step=None, reason=None))
    return _go_on(session, run, RunState.RUNNING if planned else RunState.PLANNING, "redrive", by)


def redrive_batch(session: Session, *, batch_id: int, by: Actor | None, from_start: bool = False) -> ArchiveRun:
    """Redrive a batch's failed run; `from_start` stages the batch anew. Raises PermissionDenied, InvalidTransition."""
    check_right(by)
    batch = session.get_one(Batch, batch_id)
    if from_start and batch.state != BatchState.PLANNED:
        transitions.check_transition(f"batch {batch_id}", batch.state, BatchState.PLANNED)
        # One that has left meanwhile is the archiver's, and no portal can lock it.
        session.refresh(batch, with_for_update=True)
        transitions.check_transition(f"batch {batch_id}", batch.state, BatchState.PLANNED)
        batch.state = BatchState.PLANNED
    return redrive(session, run_id=batch.run_id, by=by)


def _done_plan(run: ArchiveRun) -> tuple[ColumnElement[bool], ...]:
    return Step.run_id == run.id, Step.name == StepName.PLAN, Step.state == StepState.DONE


def _go_on(session: Session, run: ArchiveRun, to: RunState, action: str, by: Actor | None) -> ArchiveRun:
    move(run, to)
    enqueue(session, run.id)
    tell(session, run, action, by=by)
    return run


def _locked(session: Session, run_id: int, by: Actor | None) -> ArchiveRun:
    check_right(by)
    return session.get_one(ArchiveRun, run_id, with_for_update=True)
