"""What the archive dashboard and `strata archive status` show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from core.models import (
    STEPS_OF,
    ArchiveRun,
    Batch,
    BatchKind,
    BatchState,
    HoldingSum,
    RunKind,
    RunState,
    StepName,
    utc_now,
)
from core.models.known_words import known
from core.queries import archive_pace

LOST_AFTER = timedelta(seconds=15)
OF_RUN = (
    "id", "record_type", "state", "dry_run", "started_by", "cutoff_at", "started_at", "finished_at", "selected",
    "reason", "kind", "scope", "heartbeat_at", "redriven_at", "throttle_reason", "throttled_at", "batch_rows",
    "wakes_at",
)  # fmt: skip

# For each step, the states of a batch that has done the step.
ENDED = (BatchState.RESTORED, BatchState.PURGED)
REACHED = {
    StepName.STAGE: (BatchState.STAGED, BatchState.LOADED, BatchState.VERIFIED, BatchState.RELEASED, *ENDED),
    StepName.LOAD: (BatchState.LOADED, BatchState.VERIFIED, BatchState.RELEASED, *ENDED),
    StepName.VERIFY: (BatchState.VERIFIED, BatchState.RELEASED, *ENDED),
    StepName.RELEASE: (BatchState.RELEASED, *ENDED),
    StepName.RESTORE: ENDED,
    StepName.PURGE: (BatchState.PURGED,),
}


@dataclass(frozen=True)
class RunSummary:
    """A run and how far it is. Counts are of roots (visits, reports, events); `rows` counts their children too.

    `scope` is what a restore brings back (`batch:3`, `run:2`, `patient:7`). `worker_lost`: the run should be moving and
    has been silent for LOST_AFTER; it resumes by itself. `throttle_reason` is why the run waits now, since
    `throttled_at`; `wakes_at` is when it is tried again after a fault. `rows_per_second` counts the
    time at work only: not the time when the run was paused, or had failed and was not yet redriven. `seconds_left` is
    told by the pace of the last minutes.
    """

    id: int
    record_type: str
    state: str
    dry_run: bool
    started_by: str
    cutoff_at: datetime
    started_at: datetime
    finished_at: datetime | None
    selected: int
    done: Mapping[StepName, int]
    rows: int
    superseded_rows: int
    batches: int
    failed_step: str | None
    reason: str | None
    seconds: float
    rows_per_second: float
    seconds_left: float | None
    kind: str
    scope: str | None
    heartbeat_at: datetime | None
    redriven_at: datetime | None
    throttle_reason: str | None
    throttled_at: datetime | None
    batch_rows: int
    wakes_at: datetime | None
    worker_lost: bool

    @property
    def steps(self) -> tuple[StepName, ...]:
        """The steps of a run of this kind, in order."""
        kind = known(RunKind, self.kind)
        return STEPS_OF[kind] if kind else ()

    def as_json(self) -> dict[str, object]:
        """The shape that `strata archive run --json` prints."""
        return {
            "run_id": self.id,
            "kind": self.kind,
            "type": self.record_type,
            "state": self.state,
            "selected": self.selected,
            "staged": self.done[StepName.STAGE],
            "verified": self.done[StepName.VERIFY],
            "released": self.done[StepName.RELEASE],
            "restored": self.done[StepName.RESTORE],
            "batches": self.batches,
            "failed_step": self.failed_step,
            "reason": self.reason,
            "throttle_reason": self.throttle_reason,
            "seconds": round(self.seconds, 3),
            "rows_per_second": round(self.rows_per_second, 1),
            "seconds_left": round(self.seconds_left) if self.seconds_left is not None else None,
        }


@dataclass(frozen=True)
class HoldingTotal:
    """What all patients have of one record type in the archive."""

    record_type: str
    roots: int
    rows: int
    first_at: datetime | None
    last_at: datetime | None


def runs(session: Session, limit: int = 50) -> list[RunSummary]:
    """The latest runs: first those that have not ended, for they keep others from starting; then the newest."""
    ended = case((ArchiveRun.state == RunState.DONE, 1), else_=0)
    found = session.scalars(select(ArchiveRun).order_by(ended, ArchiveRun.id.desc()).limit(limit)).all()
    return [_summary(session, run) for run in found]


def run(session: Session, run_id: int) -> RunSummary | None:
    """One run, or None."""
    found = session.get(ArchiveRun, run_id)
    return _summary(session, found) if found is not None else None


def latest(session: Session, record_type: str | None = None) -> RunSummary | None:
    """The newest run, of one record type if given."""
    query = select(ArchiveRun).order_by(ArchiveRun.id.desc()).limit(1)
    found = session.scalar(query.where(ArchiveRun.record_type == record_type) if record_type else query)
    return _summary(session, found) if found is not None else None


def holdings(session: Session) -> list[HoldingTotal]:
    """What the archives hold, by record type."""
    query = select(
        HoldingSum.record_type,
        func.sum(HoldingSum.roots),
        func.sum(HoldingSum.rows),
        func.min(HoldingSum.first_at),
        func.max(HoldingSum.last_at),
    ).group_by(HoldingSum.record_type)
    # A type whose rows have all come back is not held.
    query = query.having(func.sum(HoldingSum.roots) > 0)
    return [
        HoldingTotal(kind, int(roots), int(rows), first, last)
        for kind, roots, rows, first, last in session.execute(query)
    ]


class _Moved(NamedTuple):
    """What a run's batches have moved: `done` counts roots by step."""

    batches: int
    rows: int
    superseded_rows: int
    done: Mapping[StepName, int]


class _Pace(NamedTuple):
    """How fast a run is: `seconds` since its start, its pace while at work, what is left by its last minutes."""

    seconds: float
    rows_per_second: float
    seconds_left: float | None


def _summary(session: Session, found: ArchiveRun) -> RunSummary:
    moved = _moved(session, found.id)
    pace = _pace(session, found, moved)
    failed = session.scalar(select(Batch.failed_step).where(Batch.run_id == found.id, Batch.failed_step.is_not(None)))
    return RunSummary(
        **{name: getattr(found, name) for name in OF_RUN},
        **moved._asdict(),
        **pace._asdict(),
        failed_step=failed or (StepName.PLAN if found.reason and not moved.batches else None),
        worker_lost=_is_silent(found),
    )


def _moved(session: Session, run_id: int) -> _Moved:
    restored = case((Batch.state.in_(ENDED), Batch.rows))
    rows = case((Batch.kind == BatchKind.RESTORE, restored), else_=Batch.released_rows)
    reached = [case((Batch.state.in_(states), Batch.roots), else_=0) for states in REACHED.values()]
    columns = (rows, Batch.superseded_rows, Batch.released_roots, *reached)
    sums = [func.coalesce(func.sum(column), 0) for column in columns]
    query = select(func.count(Batch.id), *sums).where(Batch.run_id == run_id)
    batches, moved_rows, superseded, released, *counts = map(int, session.execute(query).one())
    done = {**dict(zip(REACHED, counts, strict=True)), StepName.RELEASE: released}
    return _Moved(batches, moved_rows, superseded, done)


def _pace(session: Session, found: ArchiveRun, moved: _Moved) -> _Pace:
    seconds = ((found.finished_at or utc_now()) - found.started_at).total_seconds()
    waited = archive_pace.idle(session, [found.id]).get(found.id, timedelta()).total_seconds()
    at_work = max(0.0, seconds - waited)
    gone = moved.done[StepName.RESTORE if found.kind == RunKind.RESTORE else StepName.RELEASE]
    left = max(0, found.selected - gone)
    recent = archive_pace.recent_roots_per_second(session, found) if found.finished_at is None else None
    return _Pace(
        seconds,
        rows_per_second=moved.rows / at_work if at_work > 0 else 0.0,
        seconds_left=left / recent if recent else None,
    )


def _is_silent(found: ArchiveRun) -> bool:
    """Whether a run should be moving and has given no sign of life for LOST_AFTER: its worker is lost then."""
    if found.state not in (RunState.PLANNING, RunState.RUNNING):
        return False
    sign = found.heartbeat_at or found.started_at
    return utc_now() - max(sign, found.wakes_at or sign) > LOST_AFTER
