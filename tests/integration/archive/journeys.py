"""The journeys that rows make between tiers, up to where a worker of its own takes over, and their end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from core.archiving import late_roots
from core.jobs import outbox
from core.models import ArchiveRun, Batch, BatchKind, BatchState, Observation, RunState, Visit
from core.models.record_types import VISIT
from core.services import archive, archive_restore
from core.stores import databases
from core.stores.databases import Store
from tests.integration.archive.conftest import NOW, PATIENTS, VISITS, run_to_end, start
from workers.archive import driver, purge

END_SECONDS = 90
STEPS_BEFORE_RELEASE = 4
COLD_VISITS = 4 * PATIENTS
OLDEST, NEXT_OLDEST = 8, 16


@dataclass(frozen=True)
class Journey:
    """`begin` brings it to the given fail point's step and returns its run; `end` brings it home whatever broke."""

    begin: Callable[[str], int]
    end: Callable[[int], None]
    hot_visits: Callable[[str], int]


def edit(table: str, row_id: int) -> None:
    """Change a row as a person would."""
    column = {"visit": "reason", "note": "text"}[table]
    with databases.write() as session:
        session.execute(
            text(f"UPDATE {table} SET {column} = 'edited', version = version + 1 WHERE id = :id"), {"id": row_id}
        )


def add_late_result(visit_id: int) -> None:
    """A result that comes in months after its visit."""
    with databases.write() as session:
        patient_id = session.scalar(select(Observation.patient_id).where(Observation.id == 1))
        session.add(
            Observation(patient_id=patient_id, visit_id=visit_id, assay_id=1, value_text="late", observed_at=NOW)
        )
        late_roots.mark_if_gone(session, VISIT, [visit_id])


def _begin_archive(point: str) -> int:
    run_id = start()
    if point.startswith("release."):
        for _step in range(STEPS_BEFORE_RELEASE):
            driver.advance(run_id)
    edit("visit", OLDEST)
    edit("note", NEXT_OLDEST)
    return run_id


def _begin_stragglers(point: str) -> int:
    run_to_end()
    add_late_result(OLDEST)
    add_late_result(NEXT_OLDEST)
    return start()


def _begin_restore(_point: str) -> int:
    archived = run_to_end().id
    with databases.write() as session:
        return archive_restore.start_run_restore(session, run_id=archived, by=None).id


def _begin_purge(point: str) -> int:
    run_id = _begin_restore(point)
    come_to_the_end(run_id)
    with databases.write() as session:
        outbox.add(session, "workers.archive.purge.purge_restored")
        restores = list(session.scalars(select(Batch.id).where(Batch.kind == BatchKind.RESTORE)))
    _until_done(lambda: all(purge.is_due(batch_id) for batch_id in restores))
    return run_id


def come_to_the_end(run_id: int) -> None:
    """Resume or redrive the run until it is done, as the schedule and an admin would."""
    _until_done(lambda: _state(run_id) == RunState.DONE or _push(run_id))


def _purge_all(_run_id: int) -> None:
    _until_done(lambda: not _unpurged() or purge.purge_restored())


def _until_done(attempt: Callable[[], Any]) -> None:
    """Call until it gives True; what it raises of broken servers is no end."""
    until = time.monotonic() + END_SECONDS
    while True:
        try:
            if attempt() is True:
                return
        except (SQLAlchemyError, outbox.NotNow) as fault:
            last: object = fault
        else:
            last = None
        assert time.monotonic() < until, f"the journey does not end: {last}"
        time.sleep(0.05)


def _push(run_id: int) -> None:
    if _state(run_id) == RunState.FAILED:
        with databases.write() as session:
            archive.redrive(session, run_id=run_id, by=None)
    driver.drive(run_id)


def _state(run_id: int) -> str | None:
    with databases.read(Store.HOT) as session:
        return session.scalar(select(ArchiveRun.state).where(ArchiveRun.id == run_id))


def _unpurged() -> int:
    with databases.read(Store.HOT) as session:
        restored = select(func.count()).where(Batch.kind == BatchKind.RESTORE, Batch.state == BatchState.RESTORED)
        return session.scalar(restored) or 0


def hot_visits() -> int:
    with databases.read(Store.HOT) as session:
        return session.scalar(select(func.count()).select_from(Visit)) or 0


def _still_hot(point: str) -> int:
    kept = 1 if point.startswith("release.") else 0
    return PATIENTS * VISITS - COLD_VISITS + kept


JOURNEYS = {
    "archive": Journey(_begin_archive, come_to_the_end, _still_hot),
    "stragglers": Journey(_begin_stragglers, come_to_the_end, lambda _point: PATIENTS * VISITS - COLD_VISITS),
    "restore": Journey(_begin_restore, come_to_the_end, lambda _point: PATIENTS * VISITS),
    "purge": Journey(_begin_purge, _purge_all, lambda _point: PATIENTS * VISITS),
}
