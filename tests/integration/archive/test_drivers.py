"""Drivers that die, stall or meet another: one has the run, and no step is done over another's."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update

from core.archiving import failpoints
from core.jobs import outbox
from core.models import ArchiveRun, Batch, OutboxMessage, RunState, Step, utc_now
from core.queries import archive as queries
from core.services import archive
from core.stores import databases
from core.stores.databases import Store
from tests.integration.archive.conftest import start
from tests.integration.archive.test_restore import copies, everything
from tests.tiers import Tiers
from workers.archive import driver, heartbeat

PATIENCE_SECONDS = 20


def until(condition: Callable[[], Any]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


@contextmanager
def driver_paused_at(point: str, run_id: int, folder: Path) -> Iterator[list[BaseException]]:
    """A driver in a thread that waits at a fail point for the `with` block, then goes on; collects what it raises."""
    raised: list[BaseException] = []

    def drive() -> None:
        try:
            driver.drive(run_id)
        except BaseException as fault:
            raised.append(fault)

    with failpoints.armed(f"{point}=pause:{folder}"):
        thread = threading.Thread(target=drive)
        thread.start()
        try:
            until((folder / "reached").exists)
            yield raised
        finally:
            (folder / "go").touch()
            thread.join(PATIENCE_SECONDS)


def run_row(run_id: int) -> ArchiveRun:
    with databases.read(Store.HOT) as session:
        return session.get_one(ArchiveRun, run_id)


def summary(run_id: int) -> queries.RunSummary:
    with databases.read(Store.HOT) as session:
        found = queries.run(session, run_id)
    assert found is not None
    return found


by_ending_sessions = pytest.mark.only_on_postgresql("ends another's session by PostgreSQL's own functions")


def end_lock_holder() -> None:
    """End the session that holds a run's lock, as an admin or a broken network would."""
    query = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
    with databases.current().engine(Store.HOT, read_only=False).connect() as connection:
        assert list(connection.scalars(text(query))) == [True]


@pytest.fixture(autouse=True)
def _quick_heart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.1)


@pytest.mark.usefixtures("population")
def test_the_heart_beats_while_a_step_works(tmp_path: Path) -> None:
    run_id = start(batch_rows=100)
    with driver_paused_at("load.begun", run_id, tmp_path):
        before = run_row(run_id).heartbeat_at
        until(lambda: run_row(run_id).heartbeat_at != before)
        with pytest.raises(outbox.NotNow, match="another worker"):
            driver.drive(run_id)
    assert run_row(run_id).state == RunState.DONE


@pytest.mark.usefixtures("population")
def test_a_silent_run_is_seen_and_resumed_once() -> None:
    run_id = start()
    driver.advance(run_id)
    with databases.write() as session:
        session.execute(update(OutboxMessage).values(created_at=utc_now() - timedelta(seconds=30)))
    assert not summary(run_id).worker_lost
    assert driver.resume_runs().startswith("0 ")
    with databases.write() as session:
        session.execute(update(ArchiveRun).values(heartbeat_at=utc_now() - timedelta(seconds=16)))
    assert summary(run_id).worker_lost
    assert driver.resume_runs().startswith("1 ")
    assert driver.resume_runs().startswith("0 ")


@pytest.mark.usefixtures("population")
def test_a_run_that_waits_to_try_again_is_not_lost(tiers: Tiers) -> None:
    run_id = start()
    driver.advance(run_id)
    driver.advance(run_id)
    tiers.of["visits"].stop("immediate")
    assert not driver.advance(run_id)
    with databases.write() as session:
        long_ago = utc_now() - timedelta(seconds=60)
        session.execute(update(ArchiveRun).values(heartbeat_at=long_ago, wakes_at=utc_now() + timedelta(seconds=60)))
    assert not summary(run_id).worker_lost
    assert driver.resume_runs().startswith("0 ")
    with databases.read(Store.HOT) as session:
        failed = session.scalars(select(Step).where(Step.state == "failed")).one()
    assert failed.fault == "connection"
    assert failed.retry_at is not None
    tiers.of["visits"].start()
    driver.drive(run_id)
    assert run_row(run_id).state == RunState.DONE


@by_ending_sessions
@pytest.mark.usefixtures("population")
@pytest.mark.parametrize("point", ["load.before_archive_commit", "release.after_superseded", "release.before_commit"])
def test_a_driver_that_lost_its_lock_does_nothing_over_another(point: str, tmp_path: Path) -> None:
    before = everything()
    run_id = start(batch_rows=100)
    with driver_paused_at(point, run_id, tmp_path) as raised:
        end_lock_holder()
        until(lambda: _drives(run_id))
        assert everything() == before
    driver.drive(run_id)
    assert everything() == before
    assert copies() == copies("note") == 12
    assert not raised or isinstance(raised[0], outbox.NotNow)
    assert run_row(run_id).state == RunState.DONE
    with databases.read(Store.HOT) as session:
        assert session.scalars(select(Batch.released_roots)).one() == 12


def _drives(run_id: int) -> bool:
    try:
        driver.drive(run_id)
    except outbox.NotNow:
        return False
    return True


@by_ending_sessions
@pytest.mark.usefixtures("population")
def test_a_worker_cut_off_at_the_archive_commits_nothing(tmp_path: Path) -> None:
    before = everything()
    run_id = start(batch_rows=100)
    cut_off = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = 'strata'"
    )
    primary = databases.current().engine(Store.HOT, read_only=False)
    with driver_paused_at("load.before_archive_commit", run_id, tmp_path), primary.connect() as connection:
        connection.execute(text(cut_off))
    assert copies() == 0
    while driver.advance(run_id):
        pass
    while run_row(run_id).state == RunState.RUNNING:
        driver.drive(run_id)
    assert everything() == before
    assert copies() == 12


@pytest.mark.usefixtures("population")
def test_one_batch_is_staged_anew_after_a_difference() -> None:
    run_id = start(batch_rows=100)
    for _step in ("plan", "stage", "load"):
        driver.advance(run_id)
    with databases.current().engine(Store.VISITS, read_only=False).begin() as connection:
        connection.execute(text("UPDATE visit SET reason = 'damaged'"))
    while driver.advance(run_id):
        pass
    assert run_row(run_id).state == RunState.FAILED
    with databases.write() as session:
        batch_id = session.scalars(select(Batch.id)).one()
        archive.redrive_batch(session, batch_id=batch_id, by=None, from_start=True)
    driver.drive(run_id)
    assert run_row(run_id).state == RunState.DONE
    assert copies() == 12
