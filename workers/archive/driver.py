"""Drives a run, step by step, until the run is done, paused or failed, or this job's time is up.

The primary keeps all state, and each step can be repeated at any point. One driver at a time holds a run's lock. Each
step also locks its batch, so that a driver that has lost the run's lock without noticing can't disturb another driver.
"""

from __future__ import annotations

import time
from datetime import timedelta

from sqlalchemy import select, update

from core.models import ArchiveRun, RunState, Step, StepState, utc_now
from core.queries.archive import LOST_AFTER
from core.services import archive
from core.stores import databases
from workers.archive import heartbeat, steps
from workers.archive.crew import Crew

SLICE_SECONDS = 20.0
THROTTLE_PAUSE = timedelta(seconds=2)


def drive(run_id: int, slice_seconds: float = SLICE_SECONDS) -> str:
    """Advance a run; a job, safe to repeat. Says how it ended. Raises NotNow while another driver has the run."""
    with heartbeat.hold(run_id) as held:
        _abandon_steps(run_id)
        crew = Crew(run_id, held, time.monotonic() + slice_seconds)
        crew.work(_lanes())
        if crew.rests:
            return f"run {run_id} rests"
    pause = THROTTLE_PAUSE if crew.throttled else timedelta()
    with databases.write() as session:
        session.execute(update(ArchiveRun).where(ArchiveRun.id == run_id).values(wakes_at=utc_now() + pause))
        archive.enqueue(session, run_id, delay=pause)
    return f"run {run_id} goes on in the next job"


def _lanes() -> int:
    """The number of lanes: one if rows per second are limited, which leaves the other cores to pages."""
    settings = databases.current().settings
    return 1 if settings.archive_rows_per_second else settings.archive_lanes


def advance(run_id: int) -> bool:
    """Take one step of a run; whether there is more to do at once."""
    with databases.write() as session:
        begun = steps.begin(session, run_id)
    return begun is not None and steps.perform(begun)


def _abandon_steps(run_id: int) -> None:
    """Mark steps that a lost worker left running as failed: who holds the run's lock is its only driver."""
    with databases.write() as session:
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
    with databases.write() as session:
        try:
            run = archive.start_run(session, record_type=record_type, by=None)
        except archive.RunUnderWay as under_way:
            return str(under_way)
    return f"run {run.id} started"


def resume_runs() -> str:
    """Drive every run that should move but has no heartbeat: its worker or its job was lost."""
    silent = utc_now() - LOST_AFTER
    with databases.write() as session:
        moving = ArchiveRun.state.in_((RunState.PLANNING, RunState.RUNNING))
        quiet = ArchiveRun.heartbeat_at.is_(None) | (ArchiveRun.heartbeat_at < silent)
        awake = ArchiveRun.wakes_at.is_(None) | (ArchiveRun.wakes_at < silent)
        found = session.scalars(select(ArchiveRun).where(moving, quiet, awake)).all()
        resumed = [run.id for run in found if archive.enqueue_unless_waiting(session, run)]
    return f"{len(resumed)} run(s) resumed"
