"""Every place of a move times everything that can break there, while readers look at all rows without pause."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from core import db, failpoints, queue
from core.db import Store
from core.models import ArchiveRun, RunState
from core.services import archive
from tests.integration.archive import faults
from tests.integration.archive.conftest import start
from tests.integration.archive.faults import FAULTS, SILENCE_SECONDS, Fault, Site
from tests.integration.archive.readers import Readers, contents
from tests.integration.archive.worker import END_SECONDS, Worker
from tests.tcp_proxy import TcpProxy
from workers.archive import driver

RESUME_SECONDS = 60
KILL = "worker killed"
BEFORE_RELEASE = 4
OLDEST, NEXT_OLDEST = 8, 16
DISKS = {
    "stage.begun": faults.full_staging,
    "stage.table_written": faults.full_staging,
    "stage.before_manifest": faults.full_staging,
    "load.begun": faults.full_archive,
    "load.table_loaded": faults.full_archive,
}
SHORT = {
    ("stage.after_manifest", KILL),
    ("load.after_archive_commit", KILL),
    ("release.after_superseded", KILL),
    ("release.before_commit", "primary killed"),
    ("release.between_superseded", "archive killed"),
    ("load.table_loaded", "archive silent"),
    ("release.before_commit", "primary cut"),
    ("load.after_commit", "valkey killed"),
}

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")


def scenarios() -> list[Any]:
    """All of them; those that are not in SHORT are long."""
    return [
        pytest.param(
            point, fault, marks=[] if (point, fault) in SHORT else [pytest.mark.long], id=f"{fault} at {point}"
        )
        for point in failpoints.NAMES
        for fault in (KILL, *FAULTS)
    ]


@pytest.fixture
def site(servers: Any, database: Any, reachable_folder: Path) -> Iterator[Site]:
    """Servers, and a way to the primary and to the archive that can be broken for the worker alone."""
    with ExitStack() as stack:
        ways = [stack.enter_context(TcpProxy(servers.postgres[name].port)) for name in ("primary", "visits")]
        (reachable_folder / "staging").mkdir()
        (reachable_folder / "tablespace").mkdir()
        yield Site(servers, *ways, reachable_folder)


@pytest.fixture
def worker_environment(environment: Mapping[str, str], site: Site) -> dict[str, str]:
    """A worker's settings: its ways go by the proxies."""
    return {
        **environment,
        "STRATA_PRIMARY_URL": site.primary.url(environment["STRATA_PRIMARY_URL"]),
        "STRATA_ARCHIVE_VISITS_URL": site.archive.url(environment["STRATA_ARCHIVE_VISITS_URL"]),
        "STRATA_SILENCE_SECONDS": str(SILENCE_SECONDS),
    }


@pytest.mark.parametrize(("point", "fault"), scenarios())
@pytest.mark.usefixtures("population")
def test_a_move_survives(point: str, fault: str, site: Site, worker_environment: dict[str, str]) -> None:
    play(point, FAULTS.get(fault), site, worker_environment)


@needs_root
@pytest.mark.parametrize("point", [pytest.param(point, marks=pytest.mark.long) for point in DISKS])
@pytest.mark.usefixtures("population")
def test_a_move_survives_a_full_disk(point: str, site: Site, worker_environment: dict[str, str]) -> None:
    server = site.servers.postgres["visits"]
    with ExitStack() as stack:
        if DISKS[point] is faults.full_staging:
            disk = stack.enter_context(faults.small_disk(site.folder / "staging"))
            worker_environment["STRATA_STAGING_URL"] = disk.as_uri()
        else:
            disk = stack.enter_context(faults.small_disk(site.folder / "tablespace", server.place.account.uid))
            stack.enter_context(faults.archive_on(server, disk))
        play(point, DISKS[point], site, worker_environment)


def play(point: str, fault: Fault | None, site: Site, worker_environment: dict[str, str]) -> None:
    """Break something at a place of a move, mend it, let the run end; no row was lost, doubled or altered."""
    run_id = start()
    if point.startswith("release."):
        for _step in range(BEFORE_RELEASE):
            driver.advance(run_id)
    edit("visit", OLDEST)
    edit("note", NEXT_OLDEST)
    expected = contents()
    with Readers():
        worker = Worker.start(worker_environment, point, site.folder, kill=fault is None)
        if fault is None:
            assert worker.ends_within(END_SECONDS)
            assert worker.process.exitcode == -9, worker.log()
        else:
            worker.wait_until_reached()
            fault(site, worker)
            assert worker.ends_within(END_SECONDS), "the worker hangs"
        come_to_the_end(run_id)
    assert contents() == expected
    assert hot_rows("visit") == 12 + (1 if point.startswith("release.") else 0)


def edit(table: str, row_id: int) -> None:
    """Change a row as a person would."""
    column = {"visit": "reason", "note": "text"}[table]
    with db.write() as session:
        session.execute(
            text(f"UPDATE {table} SET {column} = 'edited', version = version + 1 WHERE id = :id"), {"id": row_id}
        )


def come_to_the_end(run_id: int) -> None:
    """Resume or redrive the run until it is done, as the schedule and an admin would."""
    until = time.monotonic() + RESUME_SECONDS
    while (state := _retry(lambda: _state(run_id))) != RunState.DONE:
        assert time.monotonic() < until, f"run {run_id} is still {state}"
        _retry(lambda state=state: _push(run_id, state))


def _retry(action: Callable[[], Any]) -> Any:
    try:
        return action()
    except (SQLAlchemyError, queue.NotNow):
        time.sleep(0.1)
        return None


def _push(run_id: int, state: str) -> None:
    if state == RunState.FAILED:
        with db.write() as session:
            archive.redrive(session, run_id=run_id, by=None)
    driver.drive(run_id)


def _state(run_id: int) -> str | None:
    with db.read(Store.HOT) as session:
        return session.scalar(select(ArchiveRun.state).where(ArchiveRun.id == run_id))


def hot_rows(table: str) -> int:
    with db.read(Store.HOT) as session:
        return session.scalar(text(f"SELECT count(*) FROM {table}")) or 0
