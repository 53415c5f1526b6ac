"""A run slows itself, says why, and goes on by itself."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from core.models import ArchiveRun, Batch, OutboxMessage, RunState, Step
from core.queries import archive as queries
from core.services import archive
from core.stores import databases, freshness
from core.stores.databases import Store
from tests.integration.archive.conftest import start
from tests.integration.archive.test_drivers import run_row, until
from tests.tiers import Tiers
from workers.archive import crew, driver, throttles


def waiting_reason(run_id: int, slice_seconds: float = 1.0) -> str:
    """Drive for a slice; the reason that a reader sees meanwhile."""
    driver.drive(run_id, slice_seconds)
    with databases.read(Store.HOT) as session:
        found = queries.run(session, run_id)
    assert found is not None
    assert found.state == RunState.RUNNING
    assert (found.throttled_at is None) == (found.throttle_reason is None)
    return found.throttle_reason or ""


def settle(run_id: int) -> None:
    driver.drive(run_id)
    ended = run_row(run_id)
    assert (ended.state, ended.throttle_reason, ended.throttled_at) == (RunState.DONE, None, None)


@pytest.mark.usefixtures("population")
def test_outside_its_hours_a_run_waits(with_settings: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    with_settings(archive_window="01:00-05:00", time_zone="Asia/Singapore")
    monkeypatch.setattr(throttles, "utc_now", lambda: datetime.fromisoformat("2026-11-01T03:30:00+00:00"))
    run_id = start()
    driver.advance(run_id)
    assert waiting_reason(run_id) == "outside its hours: 01:00-05:00 (Asia/Singapore), now 11:30"
    with databases.read(Store.HOT) as session:
        assert session.scalars(select(Batch)).all() == []
        later = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc())).first()
    assert later is not None
    assert later.due_at > later.created_at
    monkeypatch.setattr(throttles, "utc_now", lambda: datetime.fromisoformat("2026-11-01T17:30:00+00:00"))
    settle(run_id)


@pytest.mark.parametrize(
    ("window", "clock", "inside"),
    [
        ("01:00-05:00", "00:59", False),
        ("01:00-05:00", "01:00", True),
        ("01:00-05:00", "04:59", True),
        ("01:00-05:00", "05:00", False),
        ("22:00-05:00", "23:10", True),
        ("22:00-05:00", "04:10", True),
        ("22:00-05:00", "12:00", False),
    ],
)
def test_hours_of_the_day(window: str, clock: str, inside: bool) -> None:
    assert throttles.is_within(window, datetime.fromisoformat(f"2026-11-01T{clock}")) is inside


@pytest.mark.usefixtures("population")
def test_a_replica_that_lags_holds_a_run(
    with_settings: Callable[..., None], tiers: Tiers, sync_replica: Callable[[], None]
) -> None:
    with_settings(archive_lag_max_seconds=0.2)
    run_id = start()
    driver.advance(run_id)
    tiers.replica.pause_replay()
    with databases.write() as session:
        archive.enqueue(session, 0)
    until(lambda: freshness.watch.state().lag_seconds > 0.2)
    assert "the replica is" in waiting_reason(run_id)
    tiers.replica.resume_replay()
    sync_replica()
    settle(run_id)


@pytest.mark.usefixtures("population")
def test_missing_log_counts_whatever_the_clock_says(with_settings: Callable[..., None], tiers: Tiers) -> None:
    with_settings(archive_lag_max_mb=0, archive_lag_max_seconds=3600.0)
    run_id = start()
    driver.advance(run_id)
    tiers.replica.pause_replay()
    with databases.write() as session:
        archive.enqueue(session, 0)
    assert "MB of log" in waiting_reason(run_id)
    tiers.replica.resume_replay()


@pytest.mark.usefixtures("population")
def test_a_dead_replica_holds_a_run(tiers: Tiers) -> None:
    run_id = start()
    driver.advance(run_id)
    tiers.replica.stop("immediate")
    assert waiting_reason(run_id) == "the replica does not answer"
    tiers.replica.start()
    until(lambda: freshness.watch.state().answers)
    settle(run_id)


@pytest.mark.usefixtures("population")
def test_a_slow_primary_holds_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = start()
    driver.advance(run_id)
    monkeypatch.setattr(throttles, "probe_seconds", lambda: [0.01, 0.3, 0.25, 0.4, 0.01])
    assert waiting_reason(run_id) == "the primary takes 250 ms for a small read (most 100 ms)"
    monkeypatch.undo()
    settle(run_id)


@pytest.mark.usefixtures("population")
def test_a_run_moves_no_more_rows_a_second_than_it_may(
    with_settings: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with_settings(archive_rows_per_second=1)
    run_id = start()
    while not crew.throttled(run_id):
        driver.advance(run_id)
    assert waiting_reason(run_id, 0.1) == "1 rows/s is the most"
    with databases.read(Store.HOT) as session:
        batch = session.scalars(select(Batch)).one()
        began = session.scalars(select(func.min(Step.started_at)).where(Step.batch_id == batch.id)).one()
    for seconds, waits in ((batch.released_rows - 1, True), (batch.released_rows + 1, False)):
        monkeypatch.setattr(throttles, "utc_now", lambda seconds=seconds: began + timedelta(seconds=seconds))
        assert (throttles.rows_per_second(run_id) is not None) is waits


@pytest.mark.usefixtures("population")
def test_a_throttled_run_can_be_paused(monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = start()
    driver.advance(run_id)
    monkeypatch.setattr(throttles, "probe_seconds", lambda: [9.0])
    thread = threading.Thread(target=driver.drive, args=(run_id,))
    thread.start()
    until(lambda: run_row(run_id).throttle_reason)
    with databases.write() as session:
        archive.pause(session, run_id=run_id, by=None)
    thread.join(5)
    assert not thread.is_alive()
    with databases.read(Store.HOT) as session:
        paused = session.get_one(ArchiveRun, run_id)
    assert (paused.state, paused.throttle_reason) == (RunState.PAUSED, None)


@pytest.mark.usefixtures("database")
def test_the_probes_are_small_reads() -> None:
    spent = throttles.probe_seconds()
    assert len(spent) == throttles.PROBES
    assert all(0 < seconds < 1 for seconds in spent)
