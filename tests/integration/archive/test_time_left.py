"""How long a run still takes is told by its last minutes; whoever follows it waits while a server restarts."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy.exc import OperationalError

from commands.archive import following, group
from core.jobs import outbox
from core.models import ArchiveRun, Batch, RunEvent, RunState, Step, utc_now
from core.queries import archive as queries
from core.stores import databases
from core.stores.databases import Store
from tests.integration.archive.conftest import start
from tests.tiers import Tiers
from workers.archive import driver

SELECTED, ROOTS = 1_000_000, 1_000


def strata_archive(*arguments: str) -> Result:
    return CliRunner().invoke(group, [*arguments])


def run_with(releases: list[datetime], *, resumed_at: datetime | None = None) -> int:
    """A running run with a batch of 1,000 roots released at each of these instants, each ten seconds of work."""
    with databases.write() as session:
        run = ArchiveRun(record_type="visit", state=RunState.RUNNING, as_of=utc_now(), cutoff_at=utc_now(),
                         started_by="test", batch_rows=ROOTS, selected=SELECTED, heartbeat_at=utc_now(),
                         started_at=min(releases) - timedelta(seconds=10))  # fmt: skip
        session.add(run)
        session.flush()
        for ordinal, at in enumerate(releases, start=1):
            batch = Batch(run_id=run.id, record_type="visit", ordinal=ordinal, state="released", roots=ROOTS,
                          rows=ROOTS, released_roots=ROOTS, released_rows=ROOTS)  # fmt: skip
            session.add(batch)
            session.flush()
            for name, seconds in (("stage", 10), ("release", 2)):
                session.add(Step(run_id=run.id, batch_id=batch.id, name=name, attempt=1, state="done",
                                 started_at=at - timedelta(seconds=seconds), finished_at=at))  # fmt: skip
        if resumed_at is not None:
            session.add(RunEvent(run_id=run.id, action="resume", by_name="test", at=resumed_at))
        return run.id


def seconds_left(run_id: int) -> float:
    with databases.read(Store.HOT) as session:
        summary = queries.run(session, run_id)
    assert summary is not None
    assert summary.seconds_left is not None
    return summary.seconds_left


def every(seconds: int, times: int, *, until: datetime) -> list[datetime]:
    return [until - timedelta(seconds=seconds * n) for n in reversed(range(times))]


@pytest.mark.usefixtures("database")
def test_a_slow_beginning_is_forgotten() -> None:
    now = utc_now()
    slow = every(600, 10, until=now - timedelta(minutes=10))
    run_id = run_with([*slow, *every(10, 60, until=now)])
    left = SELECTED - 70 * ROOTS
    assert seconds_left(run_id) == pytest.approx(left / (ROOTS / 10), rel=0.05)


@pytest.mark.usefixtures("database")
def test_a_pause_is_not_counted() -> None:
    now = utc_now()
    before = every(10, 12, until=now - timedelta(seconds=150))
    run_id = run_with([*before, *every(10, 5, until=now)], resumed_at=now - timedelta(seconds=50))
    assert seconds_left(run_id) < (SELECTED - 17 * ROOTS) / (ROOTS / 10)
    pause = run_with(every(10, 12, until=now - timedelta(hours=9)))
    assert seconds_left(pause) == pytest.approx((SELECTED - 12 * ROOTS) / (ROOTS / 10), rel=0.05)


@pytest.mark.usefixtures("database")
def test_the_first_batch_tells_by_its_own_time() -> None:
    run_id = run_with([utc_now()])
    assert seconds_left(run_id) == pytest.approx((SELECTED - ROOTS) / (ROOTS / 10), rel=0.05)


@pytest.mark.usefixtures("database")
def test_the_command_tells_it() -> None:
    run_with(every(10, 60, until=utc_now()))
    shown = strata_archive("status")
    assert "; about 2 h 37 min left" in shown.stdout
    assert json.loads(strata_archive("status", "--json").stdout)["seconds_left"] == pytest.approx(9_400, rel=0.05)


@pytest.mark.usefixtures("population")
def test_a_run_is_watched_to_its_end_without_work(monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = start()
    looks: list[int] = []
    find = following.find

    def found(record_type: str | None, wanted: int | None) -> Any:
        looks.append(1)
        if len(looks) == 3:
            driver.drive(run_id)
        return find(record_type, wanted)

    monkeypatch.setattr(following, "find", found)
    ended = strata_archive("status", "--run", str(run_id), "--watch")
    assert ended.exit_code == 0, ended.output
    assert "run 1 (visits): planning" in ended.stderr
    assert "run 1 (visits): done" in ended.stdout


@pytest.mark.usefixtures("population")
def test_who_follows_a_run_waits_while_the_primary_restarts(tiers: Tiers, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = start()
    primary = tiers.of["primary"]
    find = following.find
    looks: list[int] = []

    def found(record_type: str | None, wanted: int | None) -> Any:
        looks.append(1)
        if len(looks) == 2:
            primary.stop("immediate")
            threading.Timer(2.0, primary.start).start()
        return find(record_type, wanted)

    monkeypatch.setattr(following, "find", found)
    summary = following.follow(run_id)
    assert summary.state == RunState.DONE


@pytest.mark.usefixtures("population")
def test_who_follows_a_run_gives_up_at_last(monkeypatch: pytest.MonkeyPatch, tiers: Tiers) -> None:
    run_id = start()
    monkeypatch.setattr(following, "SILENT_SECONDS_MAX", 1.0)
    tiers.of["primary"].stop("immediate")
    try:
        with pytest.raises(OperationalError):
            following.watch(run_id)
    finally:
        tiers.of["primary"].start()


@pytest.mark.usefixtures("population")
def test_another_fault_ends_at_once(monkeypatch: pytest.MonkeyPatch, with_settings: Callable[..., None]) -> None:
    run_id = start()
    monkeypatch.setattr(outbox, "is_listened_to", lambda _queue: True)
    with databases.write_at_once() as connection:
        connection.exec_driver_sql("ALTER TABLE batch RENAME TO batch_away")
    try:
        with pytest.raises(Exception, match="batch"):
            following.follow(run_id)
    finally:
        with databases.write_at_once() as connection:
            connection.exec_driver_sql("ALTER TABLE batch_away RENAME TO batch")
