"""Pages of archived visits against pages of hot ones, and hot pages while the archive is dead or silent.

Each repetition reads all kinds in turn. Dead: the archive server is killed. Silent: its processes are stopped, so that
it takes connections and answers nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text

from bench import _visits
from bench._archived import archive_all
from bench._environment import Environment, environment
from bench._portal import Client, make_account, p95, signed_in
from bench._spread import spread
from core.embedded import processes
from core.embedded.postgres import PostgresServer
from core.stores import databases

VISITS = 20_000
REPETITIONS = 5
REQUESTS = 120
PATIENT = 7
HOT, COLD = "/history?kind=visits", "/history?kind=visits&year=2010"
RECENT = """
INSERT INTO visit (id, patient_id, class_code, status, description, started_at, ended_at, version)
SELECT 1000000 + n, :patient, 'AMB', 'finished', 'Review', now() - n * INTERVAL '4 days',
    now() - n * INTERVAL '4 days', 1
FROM generate_series(1, 20) n
"""


def run(scale: float, say: Callable[[str], None]) -> dict[str, Any]:
    """Ratios of p95, then seconds of the first and the following cold reads of a dead and of a silent archive."""
    with environment(say) as made:
        _fill(round(VISITS * scale))
        with signed_in(made, make_account(PATIENT)) as client:
            _measure(client, COLD)
            healthy = [(_measure(client, HOT), _measure(client, COLD)) for _ in range(REPETITIONS)]
            say(f"hot p95 {healthy[0][0] * 1000:.1f} ms, cold p95 {healthy[0][1] * 1000:.1f} ms")
            dead = _without(made, client, _killed)
            silent = _without(made, client, _stopped)
    return {
        "ratio_of_cold_p95_to_hot": spread([cold / hot for hot, cold in healthy]),
        "ratio_of_hot_p95_with_dead_archive": dead["ratio"],
        "ratio_of_hot_p95_with_silent_archive": silent["ratio"],
        "first_cold_read_seconds_dead": dead["first"],
        "first_cold_read_seconds_silent": silent["first"],
        "next_cold_read_seconds_dead": dead["next"],
        "next_cold_read_seconds_silent": silent["next"],
        "hot_p95_ms": spread([hot * 1000 for hot, _ in healthy]),
        "cold_p95_ms": spread([cold * 1000 for _, cold in healthy]),
    }


def _fill(visits: int) -> None:
    _visits.make(visits)
    _visits.put_back()
    archive_all("visit", datetime(2026, 1, 1, tzinfo=UTC))
    with databases.write() as session:
        session.execute(text(RECENT), {"patient": PATIENT})


def _measure(client: Client, path: str) -> float:
    return p95([client.seconds(path) for _ in range(REQUESTS)])


def _without(made: Environment, client: Client, fault: Callable[[PostgresServer], Any]) -> dict[str, Any]:
    server = made.servers.postgres["visits"]
    ratios, first, following = [], [], []
    for _repetition in range(REPETITIONS):
        usual = _measure(client, HOT)
        with fault(server):
            first.append(_seconds(client, COLD))
            following.append(max(_seconds(client, COLD) for _ in range(5)))
            ratios.append(_measure(client, HOT) / usual)
        _wait_for_cold(client)
    return {"ratio": spread(ratios), "first": spread(first), "next": spread(following)}


def _seconds(client: Client, path: str) -> float:
    """Seconds of an answer of any kind."""
    began = time.perf_counter()
    client.get(path)
    return time.perf_counter() - began


@contextmanager
def _killed(server: PostgresServer) -> Iterator[None]:
    server.kill()
    yield
    server.start()


@contextmanager
def _stopped(server: PostgresServer) -> Iterator[None]:
    stopped = processes.running_in(server.data, "postgres")
    for process in stopped:
        process.suspend()
    yield
    for process in stopped:
        process.resume()


def _wait_for_cold(client: Client) -> None:
    until = time.monotonic() + 30
    while 'class="archived"' not in client.get(COLD)[1]:
        if time.monotonic() > until:
            raise RuntimeError("the archive does not come back")
        time.sleep(0.5)
