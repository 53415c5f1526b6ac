"""A run that moves much of its table goes through it page by page; one that moves little goes by time."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, insert, select, text, update

from core.engines.layout import Span
from core.models import ArchiveRun, Base, Batch, RunState, Visit, VisitStatus
from core.services import archive
from core.stores import databases
from core.stores.databases import Store
from tests.integration.archive.conftest import NOW, run_to_end, start
from tests.integration.archive.test_restore import everything
from workers.archive import cutting, driver

VISIT = Base.metadata.tables["visit"]
OLD = NOW - timedelta(days=900)


def scatter(patient_id: int, visits: int) -> None:
    """Cold visits whose times run against the order in which they lie."""
    rows = [
        {"patient_id": patient_id, "class_code": "AMB", "status": VisitStatus.CLOSED, "description": "Visit",
         "started_at": OLD - timedelta(minutes=n), "ended_at": OLD - timedelta(minutes=n)} for n in range(visits)
    ]  # fmt: skip
    with databases.write() as session:
        session.execute(insert(Visit), rows)


def batches(run_id: int) -> list[Batch]:
    with databases.read(Store.HOT) as session:
        return list(session.scalars(select(Batch).where(Batch.run_id == run_id).order_by(Batch.ordinal)))


def next_stretch(after: int | None, rows: int) -> tuple[int, int, int] | None:
    with databases.write() as session:
        layout, connection = databases.current().adapter.layout, session.connection()
        span = Span(after, layout.end(connection, VISIT))
        found = layout.next_stretch(connection, VISIT, VISIT.c.ended_at < NOW, span, rows)
        return (found.first, found.last, found.rows) if found is not None else None


def test_a_run_of_most_rows_moves_neighbours_together(population: list[int]) -> None:
    scatter(population[0], 300)
    before = everything()
    run_id = start(batch_rows=100)
    driver.advance(run_id)
    with databases.write() as session:
        assert session.get_one(ArchiveRun, run_id).last_place
    while driver.advance(run_id):
        pass
    assert everything() == before
    moved = batches(run_id)
    assert [batch.released_roots for batch in moved][:3] == [100, 100, 100]
    places = [(batch.first_place or 0, batch.last_place or 0) for batch in moved]
    assert places == sorted(places)
    assert all(first <= last for first, last in places)
    assert all(earlier[1] < later[0] for earlier, later in itertools.pairwise(places))


def test_a_run_of_few_rows_goes_by_time(population: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases.current().adapter.layout, "pages", lambda *_: 1_000)
    scatter(population[0], 20)
    before = everything()
    run = run_to_end(batch_rows=10)
    assert (run.state, run.last_place) == (RunState.DONE, None)
    times = [batch.first_at for batch in batches(run.id)]
    assert None not in times
    assert times == sorted(filter(None, times))
    assert everything() == before


def test_a_look_goes_on_until_it_has_its_rows(population: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    scatter(population[0], 1_000)
    with databases.write() as session:
        session.execute(delete(Visit).where(Visit.id.between(200, 900)))
    narrow = getattr(databases.current().adapter.layout, "PAGES_FIRST", None)
    if narrow is not None:
        monkeypatch.setattr(databases.current().adapter.layout, "PAGES_FIRST", 1)
    with databases.read(Store.HOT) as session:
        there = session.scalar(select(func.count()).select_from(Visit).where(Visit.ended_at < NOW)) or 0
    taken, after = 0, None
    while (found := next_stretch(after, 60)) is not None:
        first, after, rows = found
        assert rows == min(60, there - taken)
        assert first <= after
        taken += rows
    assert taken == there


def test_a_visit_that_an_edit_moves_into_the_next_stretch_is_seen_once(population: list[int]) -> None:
    """On PostgreSQL a new version lies elsewhere: it stays for the next run."""
    scatter(population[0], 200)
    before = everything()
    run_id = start(batch_rows=100)
    for _step in ("plan", "stage", "load", "verify"):
        assert driver.advance(run_id)
    with databases.write() as session:
        first = session.scalars(select(Visit.id).where(Visit.ended_at < OLD).order_by(Visit.id)).first()
        session.execute(update(Visit).where(Visit.id == first).values(reason="Moved", version=Visit.version + 1))
    while driver.advance(run_id):
        assert everything() == before
    assert everything() == before
    run_to_end()
    assert everything() == before
    with databases.read(Store.HOT) as session:
        assert session.get(Visit, first) is None


def test_rows_that_are_rewritten_during_a_run_are_not_lost(population: list[int]) -> None:
    """What compacts a table gives each row a new place: batches under way find others there, and none of them goes."""
    scatter(population[0], 200)
    with databases.write() as session:
        session.execute(delete(Visit).where(Visit.id.between(30, 90)))
    before = everything()
    run_id = start(batch_rows=50)
    for _step in ("plan", "stage", "load", "verify"):
        assert driver.advance(run_id)
    if databases.current().adapter.snapshot == "REPEATABLE READ":
        with databases.write_at_once() as connection:
            connection.execute(text("VACUUM FULL visit"))
    while driver.advance(run_id):
        pass
    run_to_end()
    assert everything() == before
    with databases.read(Store.HOT) as session:
        assert session.scalar(select(func.count()).select_from(Visit).where(Visit.ended_at < OLD)) == 0


@pytest.mark.usefixtures("population")
@pytest.mark.parametrize(("pages", "by_place"), [(11, True), (12, False)])
def test_the_order_follows_what_the_run_may_touch(
    pages: int, by_place: bool, monkeypatch: pytest.MonkeyPatch, with_settings: Callable[..., None]
) -> None:
    with_settings(archive_batch_rows=100)
    monkeypatch.setattr(databases.current().adapter.layout, "pages", lambda *_: pages)
    with databases.write() as session:
        record_type = archive.RECORD_TYPES["visit"]
        assert (cutting.last_place(session, record_type, 12) is not None) is by_place
