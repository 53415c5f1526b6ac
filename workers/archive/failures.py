"""What a failed step leads to: again after a pause, loading once more, or a failed run that waits for a redrive."""

from __future__ import annotations

import logging
import random
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core import db
from core.freshness import ReplicaBehind
from core.models import ArchiveRun, Batch, BatchState, RunState, Step, StepState, utc_now
from core.services import archive
from core.staging import StagingError
from workers.archive.batches import Superseded

log = logging.getLogger(__name__)

ATTEMPTS_MAX = 4
BACK_OFF_FIRST = timedelta(seconds=2)
TRANSIENT = (DBAPIError, StagingError, ReplicaBehind, OSError)


def attempts(session: Session, run: ArchiveRun, batch_id: int | None, name: str) -> int:
    """How often this step was tried since the run started or was last redriven."""
    since = run.redriven_at or datetime.min.replace(tzinfo=UTC)
    tried = select(func.count()).where(
        Step.run_id == run.id, Step.batch_id == batch_id, Step.name == name, Step.started_at >= since
    )
    return session.scalar(tried) or 0


def note(step_id: int, fault: Exception) -> bool:
    """Record a step's failure and decide what follows; whether the run goes on at once."""
    log.warning("archive step %s failed: %s", step_id, type(fault).__name__)
    with db.write() as session:
        step = session.get_one(Step, step_id)
        run = session.get_one(ArchiveRun, step.run_id, with_for_update=True)
        batch = session.get_one(Batch, step.batch_id) if step.batch_id else None
        step.state, step.cause, step.finished_at = StepState.FAILED, cause(fault), utc_now()
        if batch is not None:
            batch.failed_step, batch.reason, batch.updated_at = step.name, step.cause, utc_now()
        if isinstance(fault, Superseded) and batch is not None and step.attempt < ATTEMPTS_MAX:
            batch.state = BatchState.STAGED
            return True
        if isinstance(fault, TRANSIENT) and step.attempt < ATTEMPTS_MAX:
            run.heartbeat_at = utc_now()
            archive.enqueue(session, run.id, delay=back_off(step.attempt))
            return False
        archive.move(run, RunState.FAILED)
        run.reason = step.cause
        return False


def back_off(attempt: int) -> timedelta:
    """The pause after a failed attempt, from 1: doubled each time, and up to half longer by chance."""
    return BACK_OFF_FIRST * 2 ** (attempt - 1) * random.uniform(1.0, 1.5)  # noqa: S311


def cause(fault: Exception) -> str:
    """What to show of a fault: never the values of a row, which a database's message may quote."""
    if isinstance(fault, DBAPIError):
        primary = getattr(getattr(fault.orig, "diag", None), "message_primary", None)
        return f"{type(fault.orig).__name__}: {primary or 'the database did not answer'}"
    return f"{type(fault).__name__}: {fault}"[:1000]
