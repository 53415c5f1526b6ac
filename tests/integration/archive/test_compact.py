"""What was moved gives its room back, in a way that says what it locks."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import insert, text

from commands.archive import group
from core.engines import postgresql_connection
from core.models import Note, Visit, VisitStatus
from core.stores import databases
from core.stores.databases import Store
from tests.integration.archive.conftest import NOW, run_to_end, start
from tests.integration.archive.test_restore import everything
from workers.archive import driver, throttles

pytestmark = pytest.mark.only_on_postgresql
VISITS, WORDS = 4_000, "Feels well. " * 60


def compact(*arguments: str) -> Result:
    return CliRunner().invoke(group, ["compact", "--type", "visit", *arguments])


def size(table: str) -> int:
    with databases.current().engine(Store.HOT, read_only=True).connect() as connection:
        return connection.scalar(text("SELECT pg_total_relation_size(CAST(:name AS regclass))"), {"name": table}) or 0


@pytest.fixture
def moved(population: list[int]) -> None:
    """Many old visits with long notes, which a run has moved."""
    at = NOW - timedelta(days=900)
    visits = [{"id": 10_000 + n, "patient_id": population[0], "class_code": "AMB", "status": VisitStatus.CLOSED,
               "description": "Visit", "started_at": at, "ended_at": at} for n in range(VISITS)]  # fmt: skip
    notes = [{"patient_id": population[0], "visit_id": 10_000 + n, "kind": "note", "text": WORDS, "written_at": at}
             for n in range(VISITS)]  # fmt: skip
    with databases.write() as session:
        session.execute(insert(Visit), visits)
        session.execute(insert(Note), notes)
    run_id = start(batch_rows=5_000)
    while "rests" not in driver.drive(run_id):
        pass


def until_nobody_sees_them() -> None:
    """The replica tells the primary every few seconds which old rows a reader there may still want."""
    left = """
        SELECT min(oldest::text::bigint)
        FROM (SELECT backend_xmin FROM pg_stat_replication UNION ALL SELECT xmin FROM pg_replication_slots) AS t(oldest)
    """
    with databases.current().engine(Store.HOT, read_only=False).connect() as connection:
        moved_by = connection.scalar(text("SELECT pg_current_xact_id()::text::bigint")) or 0
        connection.commit()
        until = time.monotonic() + 60
        while (connection.scalar(text(left)) or moved_by) < moved_by:
            connection.commit()
            assert time.monotonic() < until, "the replica still holds old rows"
            time.sleep(0.2)


@pytest.mark.usefixtures("moved")
def test_room_is_given_back_and_told() -> None:
    rows = everything()
    until_nobody_sees_them()
    before = size("note") + size("visit")
    asked = compact()
    assert asked.exit_code == 0
    assert re.search(r"note: [\d.]+ MB .* about \d+ MB empty; takes about \d+ s", asked.stdout)
    assert "full locks the table, for readers and writers" in asked.stdout
    assert size("note") + size("visit") == before
    done = compact("--yes")
    assert done.exit_code == 0, done.output
    after = size("note") + size("visit")
    assert after < before / 3
    told = float(re.findall(r"([\d.]+) MB given back", done.stdout)[-1])
    assert told == pytest.approx((before - after) / (1 << 20), abs=0.5)
    assert everything() == rows
    assert "nothing to give back" in compact().stdout


@pytest.mark.usefixtures("moved")
def test_a_server_that_is_silent_while_it_writes_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(postgresql_connection, "wait_at_most", lambda _connection, seconds: waits.append(seconds))
    assert compact("--yes", "--all").exit_code == 0
    assert waits
    assert min(waits) > 3_600


@pytest.mark.usefixtures("moved")
def test_indexes_alone_are_made_anew() -> None:
    done = compact("--yes", "--all", "--way", "indexes")
    assert done.exit_code == 0, done.output
    assert "note: " in done.stdout


@pytest.mark.usefixtures("moved")
def test_a_table_that_is_read_all_the_time_stays_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases.current().adapter.compaction, "LOCK_SECONDS", 1)
    before = size("visit")
    with databases.current().engine(Store.HOT, read_only=False).connect() as reader:
        reader.exec_driver_sql("SELECT count(*) FROM visit")
        refused = compact("--yes", "--all")
    assert refused.exit_code == 1
    assert "visit is as it was: " in refused.output
    assert "0.0 MB given back" in refused.output
    assert size("visit") == before


@pytest.mark.usefixtures("population")
def test_it_waits_for_runs_and_for_its_hours(
    with_settings: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    start()
    assert "run 1 has not ended: let it end first" in compact("--yes").output
    run_to_end("log")
    with_settings(archive_window="01:00-05:00")
    monkeypatch.setattr(throttles, "is_within", lambda *_: False)
    waits = CliRunner().invoke(group, ["compact", "--type", "log", "--all", "--yes"])
    assert waits.exit_code == 1
    assert "access_event and the rest wait: outside the hours 01:00-05:00" in waits.output


@pytest.mark.usefixtures("population")
def test_a_way_that_is_not_there_is_refused() -> None:
    refused = compact("--way", "pg_repack")
    assert (refused.exit_code, "use full, indexes" in refused.output) == (1, True)
