"""Batches are cut as the run goes, and their size follows how long steps take."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.models import ArchiveRun, Batch, RunState, Step, Visit, VisitStatus
from core.services import archive
from core.stores import databases
from core.stores.databases import Store
from tests.integration.archive.conftest import NOW, PATIENTS, run_to_end, start
from tests.integration.archive.test_restore import everything
from workers.archive import driver, sizing, tuning

ROWS_OF_A_ROOT = 8


def run_with(*moved: tuple[int, float]) -> int:
    """A running run whose batches so far had so many roots, and a longest step of so many seconds."""
    with databases.write() as session:
        run = ArchiveRun(record_type="visit", state=RunState.RUNNING, as_of=NOW, cutoff_at=NOW, started_by="test",
                         batch_rows=2_000)  # fmt: skip
        session.add(run)
        session.flush()
        for ordinal, (roots, seconds) in enumerate(moved, start=1):
            batch = Batch(run_id=run.id, record_type="visit", ordinal=ordinal, state="released", roots=roots,
                          rows=roots * ROWS_OF_A_ROOT)  # fmt: skip
            session.add(batch)
            session.flush()
            for name, spent in (("stage", seconds / 3), ("load", seconds), ("verify", seconds / 2)):
                session.add(Step(run_id=run.id, batch_id=batch.id, name=name, attempt=1, state="done",
                                 started_at=NOW, finished_at=NOW + timedelta(seconds=spent)))  # fmt: skip
        return run.id


def next_size(run_id: int) -> sizing.Size:
    with databases.write() as session:
        return sizing.next_size(session, session.get_one(ArchiveRun, run_id))


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    ("moved", "roots"),
    [
        ((), 2_000),
        (((2_000, 0.85),), 2_000),
        (((2_000, 0.8),), 2_500),
        (((2_000, 0.6),), 4_000),
        (((2_000, 0.1),), 4_000),
        (((2_000, 30.0),), 500),
        (((2_000, 0.5), (3_600, 1.0)), 3_600),
        (((2_000, 0.5), (3_600, 1.1)), 2_000),
        (((120, 30.0),), 100),
        (((40_000, 0.1),), 50_000),
    ],
)
def test_size_follows_what_was_moved(moved: tuple[tuple[int, float], ...], roots: int) -> None:
    size = next_size(run_with(*moved))
    assert size.roots == roots
    assert ("the first" in size.reason) is not bool(moved)


@pytest.mark.usefixtures("database")
def test_a_paced_run_moves_in_short_bursts(with_settings: Callable[..., None]) -> None:
    with_settings(archive_rows_per_second=500)
    assert next_size(run_with((2_000, 0.1))) == (625, "10 s of rows at 500 rows/s, 8.0 for each")
    assert next_size(run_with((400, 30.0))).roots == 100


@pytest.mark.usefixtures("population")
def test_a_paced_run_has_one_lane(with_settings: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    lanes: list[int] = []
    monkeypatch.setattr(driver.Crew, "work", lambda self, number: lanes.append(number))
    for pace in (0, 500):
        with_settings(archive_rows_per_second=pace, archive_lanes=2)
        driver.drive(start("report" if pace else "visit"))
    assert lanes == [2, 1]


@pytest.mark.usefixtures("database")
def test_a_batch_with_a_failed_step_teaches_nothing() -> None:
    run_id = run_with((2_000, 0.8))
    with databases.write() as session:
        step = session.scalars(select(Step)).first()
        assert step is not None
        session.add(Step(run_id=run_id, batch_id=step.batch_id, name="load", attempt=1, state="failed",
                         started_at=NOW, finished_at=NOW + timedelta(seconds=90)))  # fmt: skip
    assert next_size(run_id).roots == 2_000


@pytest.mark.usefixtures("population")
def test_a_size_that_was_asked_for_is_kept() -> None:
    run = run_to_end(batch_rows=5)
    with databases.read(Store.HOT) as session:
        batches = session.scalars(select(Batch).where(Batch.run_id == run.id).order_by(Batch.ordinal)).all()
    assert [batch.roots for batch in batches] == [5, 5, 2]
    assert {batch.size_reason for batch in batches} == {"as asked for"}


@pytest.mark.usefixtures("population")
def test_a_run_tunes_itself(with_settings: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    with_settings(archive_batch_rows=2, archive_step_seconds=1000.0, archive_lanes=1)
    monkeypatch.setattr(tuning, "ROOTS_MIN", 1)
    before = everything()
    with databases.write() as session:
        run_id = archive.start_run(session, record_type="visit", by=None, as_of=NOW).id
    driver.drive(run_id)
    with databases.read(Store.HOT) as session:
        batches = session.scalars(select(Batch).where(Batch.run_id == run_id).order_by(Batch.ordinal)).all()
    # Whether the second was quicker, and so whether the third is larger, is the machine's to tell.
    sizes = [batch.roots for batch in batches]
    assert (sizes[:2], sum(sizes)) == ([2, 4], PATIENTS * 4)
    assert "STRATA_ARCHIVE_BATCH_ROWS" in (batches[0].size_reason or "")
    assert "trying more" in (batches[1].size_reason or "")
    assert everything() == before


@pytest.mark.usefixtures("population")
def test_roots_of_one_instant_are_cut_apart_and_none_is_left(population: list[int]) -> None:
    at = NOW - timedelta(days=900)
    with databases.write() as session:
        session.add_all(
            Visit(patient_id=population[0], class_code="AMB", status=VisitStatus.CLOSED, description="Same moment",
                  started_at=at, ended_at=at) for _ in range(7)
        )  # fmt: skip
    before = everything()
    run_id = start(batch_rows=3)
    while driver.advance(run_id):
        assert everything() == before
    with databases.read(Store.HOT) as session:
        batches = session.scalars(select(Batch).where(Batch.run_id == run_id)).all()
        assert session.get_one(ArchiveRun, run_id).finished_at is not None
    assert sum(batch.released_roots for batch in batches) == 7 + PATIENTS * 4
