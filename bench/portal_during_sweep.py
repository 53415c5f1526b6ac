"""p95 of the patients' pages while visits are being archived, against p95 without, in turn on the same servers.

Everything shares one machine here: servers, worker, portal and client. The sweep runs at the pace that is the default,
for opening hours, and as fast as it can.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text

from bench import _visits
from bench._environment import Environment, default, environment, program
from bench._portal import PATHS, Client, make_account, p95, signed_in
from bench._spread import spread
from core.jobs import outbox
from core.models import ArchiveRun, RunState
from core.services import archive
from core.stores import databases
from core.stores.databases import Store

VISITS = 60_000
REPETITIONS = 5
PATIENT = 7
REQUESTS, REQUESTS_MIN = 200, 60
PAUSE_SECONDS = 0.03
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
# The patient's own visits stay hot, so that both sides show the same pages.
HOLD = "UPDATE patient SET legal_hold = true WHERE id = :patient"


def run(scale: float, say: Callable[[str], None]) -> dict[str, Any]:
    """Ratios of p95; milliseconds for each side."""
    figures: dict[str, Any] = {}
    pace = default("archive_rows_per_second")
    for name, rows_per_second in (("at_default_pace", pace), ("at_full_speed", 0)):
        with environment(say, STRATA_ARCHIVE_ROWS_PER_SECOND=str(rows_per_second)) as made:
            figures |= {f"{key}_{name}": value for key, value in _compare(made, scale, say).items()}
    return {**dict(sorted(figures.items())), "default_pace_rows_per_second": pace}


def _compare(made: Environment, scale: float, say: Callable[[str], None]) -> dict[str, Any]:
    _visits.make(round(VISITS * scale))
    with databases.write() as session:
        session.execute(text(HOLD), {"patient": PATIENT})
    username = make_account(PATIENT)
    calm: list[float] = []
    swept: list[float] = []
    with signed_in(made, username, workers=2) as client, program(made.env, "cli", "worker", "archive"):
        _measure(client, REQUESTS)
        for repetition in range(REPETITIONS):
            _visits.put_back()
            calm.append(p95(_measure(client, REQUESTS)) * 1000)
            run_id = _start()
            seconds = _measure(client, REQUESTS, until=lambda run_id=run_id: _state(run_id) == RunState.DONE)
            if len(seconds) < REQUESTS_MIN:
                raise RuntimeError(f"the sweep ended after {len(seconds)} pages: give it more --scale")
            swept.append(p95(seconds) * 1000)
            say(f"repetition {repetition + 1}: p95 {calm[-1]:.1f} ms calm, {swept[-1]:.1f} ms during the sweep")
            _end(run_id)
    return {
        "ratio_of_p95": spread([during / without for during, without in zip(swept, calm, strict=True)]),
        "p95_ms_calm": spread(calm),
        "p95_ms_during_sweep": spread(swept),
    }


def _measure(client: Client, requests: int, until: Callable[[], bool] = lambda: False) -> list[float]:
    """Seconds of so many pages, or of as many as are read before `until`, which is asked each round of PATHS."""
    seconds: list[float] = []
    while len(seconds) < requests and not until():
        for path in PATHS:
            seconds.append(client.seconds(path))
            time.sleep(PAUSE_SECONDS)
    return seconds


def _start() -> int:
    with databases.write() as session:
        run = archive.start_run(session, record_type="visit", by=None, as_of=AS_OF)
    outbox.relay()
    return run.id


def _state(run_id: int) -> str:
    with databases.read(Store.HOT) as session:
        return session.get_one(ArchiveRun, run_id).state


def _end(run_id: int) -> None:
    """Pause what is left of a run, and let its worker put it down."""
    with databases.write() as session:
        run = session.get_one(ArchiveRun, run_id, with_for_update=True)
        if run.state == RunState.RUNNING:
            archive.move(run, RunState.PAUSED)
    time.sleep(2)
