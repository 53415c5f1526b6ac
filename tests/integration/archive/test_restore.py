"""Undo, on real servers: what comes back is seen once by every reader, whatever its snapshot."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from core.models import (
    AccessEvent,
    ArchiveRun,
    Batch,
    BatchState,
    Holding,
    Note,
    RestoredRoot,
    RunState,
    Step,
    Visit,
    utc_now,
)
from core.queries import archive as held
from core.services import archive
from core.services import archive_restore as restores
from core.stores import archived, databases
from core.stores.databases import Store
from core.stores.tables import linked_table
from tests.integration.archive.conftest import NOW, PATIENTS, run_to_end, seen
from tests.integration.archive.twin import check_sums
from tests.tiers import Tiers
from workers.archive import driver, purge, restore

PURGES_MAX = 100
TABLES = ("visit", "note", "observation", "prescription", "condition")


def everything() -> dict[str, Counter[int]]:
    return {table: seen(table) for table in TABLES}


def count(model: Any, *conditions: Any) -> int:
    with databases.read(Store.HOT) as session:
        return session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0


def copies(table: str = "visit") -> int:
    with databases.current().engine(Store.VISITS, read_only=True).connect() as connection:
        return connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0


def holdings() -> dict[int, tuple[int, int, Any, Any]]:
    """By patient; the sums of all are held against them."""
    with databases.read(Store.HOT) as session:
        rows = session.scalars(select(Holding)).all()
        check_sums(rows, held.holdings(session))
    return {row.patient_id: (row.roots, row.rows, row.first_at, row.last_at) for row in rows}


def states() -> list[str]:
    with databases.read(Store.HOT) as session:
        return list(session.scalars(select(Batch.state).order_by(Batch.id)))


def restore_to_end(start: Callable[..., ArchiveRun], **what: Any) -> ArchiveRun:
    with databases.write() as session:
        run = start(session, by=None, **what)
    while driver.advance(run.id):
        pass
    with databases.read(Store.HOT) as session:
        return session.get_one(ArchiveRun, run.id)


@pytest.fixture
def no_grace(with_settings: Callable[..., None]) -> None:
    """Purge as soon as the replica and the snapshots allow it."""
    with_settings(restored_grace_seconds=0.0)


def purge_until_gone() -> None:
    """As the scheduler would: the first call may find that the replica does not have the restore yet."""
    for _ in range(PURGES_MAX):
        purge.purge_restored()
        if copies() == 0:
            return
        time.sleep(0.05)
    pytest.fail(f"{copies()} copies stay")


@pytest.mark.usefixtures("population")
def test_a_run_comes_back_and_every_row_is_seen_once() -> None:
    before = everything()
    run = run_to_end()
    assert copies() == PATIENTS * 4
    with databases.write() as session:
        started = restores.start_run_restore(session, run_id=run.id, by=None)
    while driver.advance(started.id):
        assert everything() == before
    assert everything() == before
    assert count(Visit) == PATIENTS * 8
    assert holdings() == {}
    assert set(states()) == {BatchState.RESTORED}
    with databases.read(Store.HOT) as session:
        ended = session.get_one(ArchiveRun, started.id)
        event = session.scalars(select(AccessEvent).where(AccessEvent.action == "archive.restore")).one()
    assert (ended.state, ended.selected) == (RunState.DONE, PATIENTS * 4)
    assert event.purpose == f"run:{run.id}"


@pytest.mark.usefixtures("population")
def test_an_older_snapshot_still_finds_the_copy() -> None:
    before = everything()
    run = run_to_end()
    linked = linked_table("visit")
    with databases.read(Store.HOT) as old:
        hot = Counter(old.scalars(select(Visit.id)))
        window = archived.window(old, "visit")
        restore_to_end(restores.start_run_restore, run_id=run.id)
        purge.purge_restored()
        rows = archived.fetch("visit", select(linked.c.id).where(archived.visible(linked, window)))
        assert hot + Counter(row["id"] for row in rows) == before["visit"]
    assert everything() == before


def test_one_patient_comes_back(population: list[int]) -> None:
    before, patient = everything(), population[1]
    run_to_end()
    kept = {owner: held for owner, held in holdings().items() if owner != patient}
    restore_to_end(restores.start_patient_restore, patient_id=patient, record_type="visit")
    assert everything() == before
    assert count(Visit, Visit.patient_id == patient) == 8
    assert count(Visit) == 8 + 2 * 4
    assert holdings() == kept
    assert BatchState.RELEASED in states()


def test_one_batch_comes_back_and_holdings_follow(population: list[int]) -> None:
    before = everything()
    run = run_to_end()
    with databases.read(Store.HOT) as session:
        oldest = session.scalars(select(Batch).where(Batch.run_id == run.id).order_by(Batch.ordinal)).first()
    assert oldest is not None
    restore_to_end(restores.start_batch_restore, batch_id=oldest.id)
    assert everything() == before
    assert count(Visit) == PATIENTS * 4 + oldest.released_roots
    with databases.current().engine(Store.VISITS, read_only=True).connect() as connection:
        query = text(
            "SELECT patient_id, count(*), min(ended_at), max(ended_at) FROM visit"
            " WHERE batch_id <> :id GROUP BY patient_id"
        )
        spans = {row[0]: tuple(row[1:]) for row in connection.execute(query, {"id": oldest.id})}
    assert {patient: (roots, first, last) for patient, (roots, _, first, last) in holdings().items()} == spans


@pytest.mark.usefixtures("population", "no_grace")
def test_copies_go_once_the_replica_has_the_restore(tiers: Tiers, sync_replica: Callable[[], None]) -> None:
    before = everything()
    run = run_to_end()
    tiers.replica.pause_replay()
    restore_to_end(restores.start_run_restore, run_id=run.id)
    assert "0 of 3" in purge.purge_restored()
    assert copies() == PATIENTS * 4
    tiers.replica.resume_replay()
    sync_replica()
    purge.purge_restored()
    purge.purge_restored()
    assert copies() == copies("note") == 0
    assert everything() == before
    assert set(states()) == {BatchState.PURGED}
    with databases.read(Store.HOT) as session:
        assert set(session.scalars(select(Step.state).where(Step.name == "purge"))) == {"done"}
        window = archived.window(session, "visit")
    assert (window.moving, window.restored) == ((), ())


@pytest.mark.usefixtures("population", "no_grace")
def test_copies_wait_for_a_long_reader(sync_replica: Callable[[], None], tells_snapshots: None) -> None:
    run = run_to_end()
    with databases.read(Store.REPLICA) as reader:
        reader.scalar(select(func.count()).select_from(Visit))
        restore_to_end(restores.start_run_restore, run_id=run.id)
        sync_replica()
        purge.purge_restored()
        purge.purge_restored()
        assert copies() == PATIENTS * 4
    purge.purge_restored()
    assert copies() == 0


@pytest.mark.usefixtures("population")
def test_a_grace_time_passes_before_copies_go(sync_replica: Callable[[], None]) -> None:
    run = run_to_end()
    restore_to_end(restores.start_run_restore, run_id=run.id)
    sync_replica()
    purge.purge_restored()
    purge.purge_restored()
    assert copies() == PATIENTS * 4


@pytest.mark.usefixtures("no_grace", "tells_snapshots")
def test_copies_of_what_is_not_on_the_primary_stay_whoever_marked_them(
    population: list[int], sync_replica: Callable[[], None]
) -> None:
    """They are all that there is of a visit."""
    run_to_end()
    restore_to_end(restores.start_patient_restore, patient_id=population[1], record_type="visit")
    visit = linked_table("visit")
    with databases.write() as session:
        marked = session.scalars(select(RestoredRoot)).first()
        assert marked is not None
        never_back = session.scalars(select(visit.c.id).where(visit.c.patient_id == population[0])).first()
        values = {"batch_id": marked.batch_id, "by_id": True, "restored_at": utc_now(), "keep_until": utc_now()}
        session.add(RestoredRoot(record_type="visit", root_id=never_back, **values))
    sync_replica()
    purge.purge_restored()
    purge.purge_restored()
    assert copies() == PATIENTS * 4
    with databases.read(Store.HOT) as session:
        step = session.scalars(select(Step).where(Step.name == "purge").order_by(Step.id.desc())).first()
    assert step is not None
    assert (step.state, f"visit:{never_back} is marked as brought back" in (step.cause or "")) == ("failed", True)


@pytest.mark.usefixtures("population", "no_grace")
def test_restored_rows_stay_hot_for_a_while() -> None:
    before = everything()
    restore_to_end(restores.start_run_restore, run_id=run_to_end().id)
    assert run_to_end().selected == 0
    purge_until_gone()
    assert run_to_end().selected == 0
    with databases.write() as session:
        session.execute(update(RestoredRoot).values(keep_until=utc_now()))
    assert run_to_end().selected == PATIENTS * 4
    assert everything() == before
    assert copies() == PATIENTS * 4


@pytest.mark.usefixtures("population")
def test_a_row_that_changed_on_its_way_back_stays_in_the_archive(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = everything()
    run = run_to_end()
    insert = "workers.archive.restore.insert_back"
    original = restore.insert_back

    def damage(work: Any, table: Any) -> None:
        if table.name == "note":
            copy = work.copies["note"]
            first = select(func.min(copy.c.id)).scalar_subquery()
            work.connection.execute(update(copy).where(copy.c.id == first).values(text="damaged on the way"))
        original(work, table)

    monkeypatch.setattr(insert, damage)
    ended = restore_to_end(restores.start_run_restore, run_id=run.id)
    assert ended.state == RunState.FAILED
    assert "note:" in (ended.reason or "")
    assert everything() == before
    assert count(Note) == PATIENTS * 4
    monkeypatch.setattr(insert, original)
    with databases.write() as session:
        archive.redrive(session, run_id=ended.id, by=None)
    driver.drive(ended.id)
    assert count(Note) == PATIENTS * 8
    assert everything() == before


@pytest.mark.usefixtures("population")
def test_archive_and_restore_exclude_each_other() -> None:
    run = run_to_end()
    with databases.write() as session:
        restores.start_run_restore(session, run_id=run.id, by=None)
    with databases.write() as session, pytest.raises(archive.RunUnderWay):
        archive.start_run(session, record_type="visit", by=None, as_of=NOW)


def test_nothing_to_restore_says_why(population: list[int]) -> None:
    run = run_to_end(dry_run=True)
    with databases.write() as session:
        with pytest.raises(restores.NothingToRestore, match="no released batch"):
            restores.start_run_restore(session, run_id=run.id, by=None)
        with pytest.raises(restores.NothingToRestore, match="no archived batch"):
            restores.start_batch_restore(session, batch_id=99, by=None)
        with pytest.raises(restores.NothingToRestore, match="holds no visits"):
            restores.start_patient_restore(session, patient_id=population[0], record_type="visit", by=None)
