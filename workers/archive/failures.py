"""What a failed step leads to: again after a pause, back to an earlier step, or a run that waits for a redrive."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.engines import words_of
from core.models import ArchiveRun, Batch, RunState, Step, StepState, utc_now
from core.services import archive
from workers.archive.faults import FaultClass, Overtaken, classify

log = logging.getLogger(__name__)


def attempts(session: Session, run: ArchiveRun, batch_id: int | None, name: str) -> int:
    """How often this step was tried since the run started or was last redriven."""
    since = run.redriven_at or datetime.min.replace(tzinfo=UTC)
    tried = select(func.count()).where(
        Step.run_id == run.id, Step.batch_id == batch_id, Step.name == name, Step.started_at >= since
    )
    return session.scalar(tried) or 0


def note(session: Session, step_id: int, fault: BaseException) -> bool:
    """Record a step's failure and decide what follows; whether the run goes on at once."""
    kind = classify(fault)
    log.warning("archive step %s failed (%s): %s", step_id, kind.name, _name(fault))
    step = session.get_one(Step, step_id, with_for_update=True)
    if step.state != StepState.RUNNING:
        return True
    run = session.get_one(ArchiveRun, step.run_id, with_for_update=True)
    step.state, step.cause, step.fault, step.finished_at = StepState.FAILED, cause(fault), kind.name, utc_now()
    if step.batch_id is not None and not isinstance(fault, Overtaken):
        _mark(session, step, kind)
    if run.state not in (RunState.PLANNING, RunState.RUNNING):
        return False
    if step.attempt >= kind.attempts:
        archive.move(run, RunState.FAILED)
        run.reason = step.cause
        return False
    if not kind.first:
        return True
    pause = kind.pause(step.attempt)
    run.heartbeat_at = utc_now()
    run.wakes_at = step.retry_at = utc_now() + pause
    archive.enqueue(session, run.id, delay=pause)
    return False


def _mark(session: Session, step: Step, kind: FaultClass) -> None:
    """Say it on the batch too, unless another worker has that and will say how it went."""
    batch = session.scalar(select(Batch).where(Batch.id == step.batch_id).with_for_update(skip_locked=True))
    if batch is not None:
        batch.failed_step, batch.reason, batch.updated_at = step.name, step.cause, utc_now()
        batch.state = kind.back_to or batch.state


def cause(fault: BaseException) -> str:
    """What to show of a fault: never the values of a row, which a database's message may quote."""
    words = words_of(fault) if isinstance(fault, DBAPIError) else str(fault)
    return f"{_name(fault)}: {words}"[:1000]


def _name(fault: BaseException) -> str:
    """The driver's name for a database's fault, which tells more than the class that all drivers share."""
    return type(fault.orig if isinstance(fault, DBAPIError) else fault).__name__
