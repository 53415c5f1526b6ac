"""Every place of a move times everything that can break there, while readers look at all rows without pause."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from core.archiving import failpoints
from tests.integration.archive import faults
from tests.integration.archive.faults import FAULTS, SILENCE_SECONDS, Fault, Site
from tests.integration.archive.journeys import JOURNEYS, hot_visits
from tests.integration.archive.readers import Readers, contents
from tests.integration.archive.worker import END_SECONDS, Worker
from tests.tcp_proxy import TcpProxy
from tests.tiers import Tiers

KILL = "worker killed"
GRACE_SECONDS = 0.3
DISKS = {
    "stage.begun": faults.full_staging,
    "stage.table_written": faults.full_staging,
    "stage.before_manifest": faults.full_staging,
    "load.begun": faults.full_archive,
    "load.table_loaded": faults.full_archive,
}
SHORT = {
    ("archive", "stage.after_manifest", KILL),
    ("archive", "load.after_archive_commit", KILL),
    ("archive", "release.after_superseded", KILL),
    ("archive", "release.before_commit", "primary killed"),
    ("archive", "release.between_superseded", "archive killed"),
    ("archive", "load.table_loaded", "archive silent"),
    ("archive", "release.before_commit", "primary cut"),
    ("archive", "load.after_commit", "valkey killed"),
    ("stragglers", "release.after_superseded", KILL),
    ("restore", "restore.before_commit", "primary killed"),
    ("purge", "purge.after_archive_commit", KILL),
}
STRAGGLERS_STEPS = ("stage", "load", "verify", "release")
STRAGGLERS_FAULTS = (KILL, "primary killed", "archive killed")

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")


def journeys_through(point: str) -> list[str]:
    """The journeys that pass a place."""
    step = point.split(".", maxsplit=1)[0]
    if step in ("restore", "purge"):
        return [step]
    return ["archive", "stragglers"] if step in STRAGGLERS_STEPS else ["archive"]


def scenarios() -> list[Any]:
    """All of them; those that are not in SHORT are long."""
    return [
        pytest.param(
            *(journey, point, fault),
            marks=[] if (journey, point, fault) in SHORT else [pytest.mark.long],
            id=f"{journey}: {fault} at {point}",
        )
        for point in failpoints.NAMES
        for journey in journeys_through(point)
        for fault in (STRAGGLERS_FAULTS if journey == "stragglers" else (KILL, *FAULTS))
    ]


@pytest.fixture
def site(tiers: Tiers, database: Any, reachable_folder: Path) -> Iterator[Site]:
    """Servers, and a way to the primary and to the archive that can be broken for the worker alone."""
    with ExitStack() as stack:
        ways = [stack.enter_context(TcpProxy(tiers.of[name].port)) for name in ("primary", "visits")]
        (reachable_folder / "staging").mkdir()
        (reachable_folder / "tablespace").mkdir()
        yield Site(tiers, *ways, reachable_folder)


@pytest.fixture
def worker_environment(
    environment: Mapping[str, str], site: Site, with_settings: Callable[..., None]
) -> dict[str, str]:
    """A worker's settings: its ways go by the proxies."""
    with_settings(restored_grace_seconds=GRACE_SECONDS)
    return {
        **environment,
        "STRATA_PRIMARY_URL": site.primary.url(environment["STRATA_PRIMARY_URL"]),
        "STRATA_ARCHIVE_VISITS_URL": site.archive.url(environment["STRATA_ARCHIVE_VISITS_URL"]),
        "STRATA_SILENCE_SECONDS": str(SILENCE_SECONDS),
        "STRATA_RESTORED_GRACE_SECONDS": "0.01",
    }


@pytest.mark.parametrize(("journey", "point", "fault"), scenarios())
@pytest.mark.usefixtures("population", "by_time")
def test_a_move_survives(journey: str, point: str, fault: str, site: Site, worker_environment: dict[str, str]) -> None:
    play(journey, point, FAULTS.get(fault), site, worker_environment)


@needs_root
@pytest.mark.parametrize("point", [pytest.param(point, marks=pytest.mark.long) for point in DISKS])
@pytest.mark.usefixtures("population", "by_time")
def test_a_move_survives_a_full_disk(point: str, site: Site, worker_environment: dict[str, str]) -> None:
    server = site.tiers.of["visits"]
    with ExitStack() as stack:
        if DISKS[point] is faults.full_staging:
            disk = stack.enter_context(faults.small_disk(site.folder / "staging"))
            worker_environment["STRATA_STAGING_URL"] = disk.as_uri()
        else:
            disk = stack.enter_context(faults.small_disk(site.folder / "tablespace", server.place.account.uid))
            stack.enter_context(faults.archive_on(server, disk))
        play("archive", point, DISKS[point], site, worker_environment)


def play(kind: str, point: str, fault: Fault | None, site: Site, worker_environment: dict[str, str]) -> None:
    """Break something at a place of a journey, mend it, go on to the end: no row was lost, doubled or altered."""
    journey = JOURNEYS[kind]
    run_id = journey.begin(point)
    expected = contents()
    with Readers():
        worker = Worker.start(worker_environment, point, site.folder, kill=fault is None)
        if fault is None:
            assert worker.ends_within(END_SECONDS), "the worker hangs"
            assert worker.process.exitcode == -9, worker.log()
        else:
            worker.wait_until_reached()
            fault(site, worker)
            assert worker.ends_within(END_SECONDS), "the worker hangs"
        journey.end(run_id)
    assert contents() == expected
    assert hot_visits() == journey.hot_visits(point)
