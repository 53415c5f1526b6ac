"""Batches that move side by side, and a visit whose time is edited from one batch's range into another's."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from core.models import ArchiveRun, Batch, RunState, Visit
from core.stores import databases
from core.stores.databases import Store
from tests.integration.archive.conftest import start
from tests.integration.archive.twin import Twin
from workers.archive import driver, steps


def advance_but(run_id: int, busy: set[int]) -> bool:
    """The next step of a batch that no other lane is busy with."""
    with databases.write() as session:
        begun = steps.begin(session, run_id, busy)
    return begun is not None and steps.perform(begun)


def batches() -> list[Batch]:
    with databases.read(Store.HOT) as session:
        return list(session.scalars(select(Batch).order_by(Batch.id)))


def edit_into_range(twin: Twin, batch: Batch) -> int:
    """Correct the time of the oldest visit: it now ended a moment before the last of the batch's range."""
    with databases.write() as session:
        visit = session.scalars(select(Visit).order_by(Visit.ended_at, Visit.id)).first()
        assert visit is not None
        assert batch.last_at is not None
        visit.ended_at = batch.last_at - timedelta(seconds=1)
        twin.changed(session, "visit", visit.id)
        return visit.id


@pytest.mark.usefixtures("population", "by_time")
@pytest.mark.parametrize("steps_of_second", [2, 3, 4])
def test_a_visit_edited_from_one_range_into_another_is_not_lost(steps_of_second: int) -> None:
    """The second batch has staged it anew and may even own it when the first, a little late, loads its older copy."""
    twin = Twin()
    run_id = start(batch_rows=6)
    for _step in ("plan", "stage"):
        driver.advance(run_id)
    first = batches()[0]
    assert advance_but(run_id, {first.id})
    second = batches()[1]
    with databases.write() as session:
        session.get_one(Batch, second.id).state = "planned"
    visit_id = edit_into_range(twin, second)
    for _step in range(steps_of_second):
        assert advance_but(run_id, {first.id})
    twin.check()
    for _attempt in range(60):
        driver.advance(run_id)
        twin.check()
        with databases.read(Store.HOT) as session:
            if session.get_one(ArchiveRun, run_id).state == RunState.DONE:
                break
    with databases.read(Store.HOT) as session:
        assert session.get_one(ArchiveRun, run_id).state == RunState.DONE
        assert session.get(Visit, visit_id) is None
    twin.check_holdings()
