"""What can go wrong in a move, by class, and what a failed step leads to: a retry, an earlier step, or a failed run."""

from __future__ import annotations

import errno
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidatePoolError, TimeoutError
from sqlalchemy.orm import Session

from core.engines import Conflict, FaultKind, kind_of, words_of
from core.models import ArchiveRun, Batch, BatchState, RunState, Step, StepState, utc_now
from core.services import archive
from core.staging.contract import StagedAltered, StagedMissing, StagingError, StagingKeyMissing
from core.stores.freshness import ReplicaBehind

log = logging.getLogger(__name__)


class Mismatch(Exception):
    """A copy differs from its original; nothing was removed. Names the first rows that differ, never their content."""


class Superseded(Exception):
    """The copies that release would rely on are not all there: the batch must be loaded again."""


class SchemaDrift(Exception):
    """A table is not alike on both sides; the message names table, column, both sides and the mend."""


class ColumnsChanged(Exception):
    """A batch was staged before a table's columns changed: its files would lose what a new column holds."""


class Overlap(Exception):
    """An edit moved rows from another batch's range into this one's: the other has copies of them, or owns them."""


class Busy(Exception):
    """Another worker is writing this batch's copies just now."""


class RightMissing(Exception):
    """This process's login lacks a right that the work needs; the message says which, why, and what gives it."""


class Overtaken(Exception):
    """Another worker has done this step; nothing is wrong."""


@dataclass(frozen=True)
class FaultClass:
    """What follows from one class of fault.

    A step is tried at most `attempts` times. The pauses between tries double from `first` to `longest`. `back_to` is
    the state that the batch goes back to; None if it stays in its state.
    """

    name: str
    matches: Callable[[BaseException], bool]
    attempts: int
    first: timedelta = timedelta()
    longest: timedelta = timedelta()
    back_to: BatchState | None = None

    def pause(self, attempt: int) -> timedelta:
        """The pause after a failed attempt, from 1: doubled each time, and up to half longer by chance."""
        return min(self.first * 2 ** min(attempt - 1, 20), self.longest) * random.uniform(1.0, 1.5)  # noqa: S311


def _database(kind: FaultKind) -> Callable[[BaseException], bool]:
    """A database's fault of a kind."""
    return lambda fault: isinstance(fault, DBAPIError) and kind_of(fault) is kind


def _no_space(fault: BaseException) -> bool:
    cause = fault.__cause__ if isinstance(fault, StagingError) else fault
    return isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT)


def _connection(fault: BaseException) -> bool:
    if isinstance(fault, DBAPIError) and fault.connection_invalidated:
        return True
    lost = isinstance(fault, TimeoutError | InvalidatePoolError | OSError)
    return lost or _database(FaultKind.CONNECTION)(fault)


def _is(*kinds: type[BaseException]) -> Callable[[BaseException], bool]:
    return lambda fault: isinstance(fault, kinds)


SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)

# A fault belongs to the first class that matches it.
FAULTS = (
    FaultClass("overtaken", _is(Overtaken), attempts=100),
    FaultClass("superseded", _is(Superseded), attempts=4, back_to=BatchState.STAGED),
    # Two batches have copies of one row. When this batch is staged again, it leaves out the rows that the other owns by
    # then. The other removes its copies of rows that it does not own, when it is released.
    FaultClass("overlap", _is(Overlap), attempts=30, first=SECOND, longest=MINUTE, back_to=BatchState.PLANNED),
    FaultClass("staged file missing", _is(StagedMissing), attempts=4, back_to=BatchState.PLANNED),
    FaultClass("columns changed", _is(ColumnsChanged), attempts=4, back_to=BatchState.PLANNED),
    FaultClass("mismatch", _is(Mismatch, StagedAltered), attempts=1, back_to=BatchState.PLANNED),
    FaultClass("staging key", _is(StagingKeyMissing), attempts=1),
    FaultClass("right missing", _is(RightMissing), attempts=1),
    FaultClass("schema drift", _is(SchemaDrift), attempts=1),
    FaultClass("disk full", _no_space, attempts=10, first=5 * SECOND, longest=5 * MINUTE),
    FaultClass("disk full", _database(FaultKind.DISK_FULL), attempts=10, first=5 * SECOND, longest=5 * MINUTE),
    FaultClass("staging", _is(StagingError), attempts=8, first=SECOND, longest=MINUTE),
    FaultClass("replica behind", _is(ReplicaBehind), attempts=20, first=5 * SECOND, longest=MINUTE),
    FaultClass("lock or time-out", _is(Busy), attempts=8, first=SECOND, longest=MINUTE),
    FaultClass("lock or time-out", _database(FaultKind.WAITED), attempts=8, first=SECOND, longest=MINUTE),
    # Two transactions inserted the same key. The second finds the row of the first when it tries again.
    FaultClass("conflict", _is(IntegrityError, Conflict), attempts=4),
    FaultClass("connection", _connection, attempts=10, first=SECOND, longest=MINUTE),
    FaultClass("bug", lambda _fault: True, attempts=1),
)


def classify(fault: BaseException) -> FaultClass:
    """The class of a fault."""
    return next(known for known in FAULTS if known.matches(fault))


def attempts(session: Session, run: ArchiveRun, batch_id: int | None, name: str) -> int:
    """How often this step was tried since the run started or was last redriven."""
    since = run.redriven_at or datetime.min.replace(tzinfo=UTC)
    tried = select(func.count()).where(
        Step.run_id == run.id, Step.batch_id == batch_id, Step.name == name, Step.started_at >= since
    )
    return session.scalar(tried) or 0


def note(session: Session, step_id: int, fault: BaseException) -> bool:
    """Record a step's failure and decide what follows. Returns whether the run goes on at once."""
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
    """Note the failure on the batch too, unless another worker has locked the batch and will note its own result."""
    batch = session.scalar(select(Batch).where(Batch.id == step.batch_id).with_for_update(skip_locked=True))
    if batch is not None:
        batch.failed_step, batch.reason, batch.updated_at = step.name, step.cause, utc_now()
        batch.state = kind.back_to or batch.state


def cause(fault: BaseException) -> str:
    """The text that is shown for a fault: without values of rows, which a database's message may quote."""
    words = words_of(fault) if isinstance(fault, DBAPIError) else str(fault)
    return f"{_name(fault)}: {words}"[:1000]


def _name(fault: BaseException) -> str:
    """The driver's name for a database's fault, which tells more than the class that all drivers share."""
    return type(fault.orig if isinstance(fault, DBAPIError) else fault).__name__
