"""What whoever has taken a process might say of moves, so that the archiver or a reader acts on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from core.install.database_roles import DatabaseRole
from core.models import (
    ArchiveRun,
    Batch,
    BatchKind,
    BatchState,
    Holding,
    Report,
    RestoredRoot,
    RunEvent,
    RunState,
    Step,
    StepState,
    utc_now,
)
from tests.integration.access.taken_world import Effect, World

PUBLIC, STAFF, WORKER, ARCHIVER = DatabaseRole
ARCHIVERS = frozenset({ARCHIVER})
STARTERS = frozenset({STAFF, ARCHIVER})


def make_moves(session: Session, patient_id: int) -> None:
    """A run with a batch that has left and one that is on its way, what the archive holds, and a root that came back.

    Made by the owner.
    """
    run = ArchiveRun(record_type="visit", state=RunState.FAILED, as_of=utc_now(), cutoff_at=utc_now(), batch_rows=1)
    run.started_by = "the schedule"
    session.add(run)
    session.flush()
    for ordinal, state in enumerate((BatchState.RELEASED, BatchState.STAGED)):
        session.add(Batch(run_id=run.id, record_type="visit", ordinal=ordinal, state=state, released_rows=5))
    session.add(RunEvent(run_id=run.id, action="start", by_name="the schedule"))
    session.add(Step(run_id=run.id, name="plan", attempt=1, state=StepState.DONE))
    now = utc_now()
    session.add(
        Holding(patient_id=patient_id, record_type="visit", server="visits", roots=1, rows=5, first_at=now, last_at=now)
    )
    session.add(
        RestoredRoot(
            record_type="visit", root_id=1, batch_id=1, patient_id=patient_id, by_id=True, restored_at=now,
            keep_until=now + timedelta(days=1),
        )
    )  # fmt: skip


def _brought_back(_: World) -> Any:
    return insert(RestoredRoot).values(
        record_type="report", root_id=10**6 + 1, batch_id=1, by_id=True, restored_at=utc_now(), keep_until=utc_now()
    )


def _restore(_: World) -> Any:
    """A restore whose copies are due to go."""
    return insert(Batch).values(
        run_id=1, kind=BatchKind.RESTORE, record_type="report", ordinal=9, state=BatchState.RESTORED, roots=1, rows=1,
        released_roots=0, released_rows=0, superseded_rows=0, departed_rows=0, position=0, replayed_at=utc_now(),
        updated_at=utc_now(),
    )  # fmt: skip


def _of_batches(now: BatchState, **values: Any) -> Callable[[World], Any]:
    return lambda _: update(Batch).where(Batch.state == now).values(**values)


MOVES = (
    Effect("mark an archived report as brought back, so that its copy goes", _brought_back, ARCHIVERS),
    Effect("make a restore that nobody asked for", _restore, ARCHIVERS),
    Effect("say that rows of a batch left the archive", _of_batches(BatchState.RELEASED, departed_rows=5), ARCHIVERS),
    Effect("say that a batch has no copies", _of_batches(BatchState.RELEASED, state=BatchState.PURGED), ARCHIVERS),
    Effect("say that what is on its way has left", _of_batches(BatchState.STAGED, state=BatchState.RELEASED),
           ARCHIVERS),
    Effect("say what a batch holds", _of_batches(BatchState.STAGED, staged_key="mine"), ARCHIVERS),
    Effect("stage a batch anew", _of_batches(BatchState.STAGED, state=BatchState.PLANNED), STARTERS),
    Effect("hide that an archive holds something", lambda _: update(Holding).values(roots=0), ARCHIVERS),
    Effect("take away that an archive holds something", lambda _: delete(Holding), ARCHIVERS),
    Effect("take away that a root came back", lambda _: delete(RestoredRoot), ARCHIVERS),
    Effect("let a run move what is not cold", lambda _: update(ArchiveRun).values(cutoff_at=utc_now()), ARCHIVERS),
    Effect("let a run go on", lambda _: update(ArchiveRun).values(state=RunState.RUNNING), STARTERS),
    Effect("take away a run's batches", lambda _: delete(Batch), ARCHIVERS),
    Effect("take away who started a run", lambda _: delete(RunEvent), ARCHIVERS),
    Effect("change who started a run", lambda _: update(RunEvent).values(by_name="Nobody"), ARCHIVERS),
    Effect("change how a step went", lambda _: update(Step).values(state=StepState.FAILED), ARCHIVERS),
    # By another patient's erasure it would then be taken away, with what became of it.
    Effect("give a draft to another patient", lambda w: update(Report).where(Report.id == w.ready_id)
           .values(patient_id=w.patient_id), ARCHIVERS),
)  # fmt: skip
