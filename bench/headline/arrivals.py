"""Requests at fixed arrival rates, whether the earlier ones have been answered or not (open loop).

Each is sent at its intended time, by a thread that has nothing else to do, and its latency is counted from that time.
A client that waits for an answer before it sends the next request would send fewer while the portal is slow, and leave
out the very waits that people have (coordinated omission). wrk2, k6 and vegeta count from the intended time as well;
they are not used because each request needs a person's session, form tokens that belong to it and typed forms, and
because a benchmark should need nothing that has to be installed.

Arrivals are random (exponential gaps) from a seed: all windows have the same ones.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from bench.headline.portals import People, Person
from bench.headline.rows import CLINICS

THREADS = 160
ZONE = ZoneInfo("Asia/Singapore")
OK_MAX = 400
Act = Callable[[People, Random], tuple[Person, str, Mapping[str, str] | None]]


def _browse(people: People, rng: Random) -> tuple[Person, str, None]:
    return rng.choice(people.patients), rng.choice(("/history", "/results", "/record", "/history?kind=visits")), None


def _chart(people: People, rng: Random) -> tuple[Person, str, None]:
    return rng.choice(people.clinicians), f"/patients/{rng.choice(people.panel)}", None


def _register(people: People, rng: Random) -> tuple[Person, str, Mapping[str, str]]:
    form = {"name": f"New {rng.randrange(10**9)}", "sex": "female", "birth_on": "1980-02-03", "national_id": "",
            "phone": "", "address": "", "language": ""}  # fmt: skip
    return rng.choice(people.clinicians), "/patients/new", form


def _write_visit(people: People, rng: Random) -> tuple[Person, str, Mapping[str, str]]:
    began = datetime.now(UTC).astimezone(ZONE) - timedelta(minutes=1)
    form = {
        "token": secrets.token_urlsafe(16), "description": "Review", "class_code": "AMB", "reason": "",
        "clinic_id": str(rng.randrange(1, CLINICS + 1)), "started_at": f"{began:%Y-%m-%dT%H:%M}",
        "note": "Feels well. " * 20, "observations-0-assay": str(rng.randrange(1, 21)), "observations-0-value": "4.5",
        "close": "y",
    }  # fmt: skip
    return rng.choice(people.clinicians), f"/patients/{rng.choice(people.panel)}/visits/new", form


def _quarter(rng: Random) -> str:
    """A clinic's quarter of the last two years; the present one half of the time."""
    back = rng.choice((0, 0, 0, 0, 1, 2, 4, 7))
    number = datetime.now(UTC).year * 4 + (datetime.now(UTC).month - 1) // 3 - back
    return f"/clinics/{rng.randrange(1, CLINICS + 1)}/quarters/{number // 4}-Q{number % 4 + 1}"


def _report(people: People, rng: Random) -> tuple[Person, str, None]:
    return rng.choice(people.admins), _quarter(rng), None


def _export(people: People, rng: Random) -> tuple[Person, str, None]:
    if rng.random() < 0.5:
        return rng.choice(people.admins), f"{_quarter(rng)}.csv", None
    return rng.choice(people.clinicians), f"/patients/{rng.choice(people.panel)}/download/fhir", None


def _figures(people: People, rng: Random) -> tuple[Person, str, None]:
    return rng.choice(people.admins), rng.choice(("/operations", "/archive")), None


ACTS: Mapping[str, Act] = {
    "browse": _browse, "chart": _chart, "register": _register, "visit": _write_visit,
    "report": _report, "export": _export, "figures": _figures,
}  # fmt: skip
# Requests a second. All that is hot is what people wait for.
HOT = {"browse": 3.0, "chart": 1.5, "register": 1.5, "visit": 1.0}
HEAVY = {"report": 0.5, "export": 0.3, "figures": 0.2}


@dataclass(frozen=True)
class Answer:
    """One request: its kind, the seconds from its intended time to its answer, and whether that was one."""

    kind: str
    seconds: float
    is_ok: bool


def arrivals(rates: Mapping[str, float], seconds: float, seed: int) -> list[tuple[float, str]]:
    """When each request is to be sent, in seconds since the beginning."""
    found = []
    for kind, rate in rates.items():
        rng, at = Random(f"{seed} {kind}"), 0.0
        while (at := at + rng.expovariate(rate)) < seconds:
            found.append((at, kind))
    return sorted(found)


def drive(people: People, rates: Mapping[str, float], seconds: float, seed: int) -> list[Answer]:
    """Send every request at its time; returns when all are answered."""
    answers: list[Answer] = []
    lock = threading.Lock()

    def send(kind: str, intended: float, number: int) -> None:
        person, path, form = ACTS[kind](people, Random(f"{seed} {number}"))
        status, _ = person.send(path, form)
        answer = Answer(kind, time.monotonic() - intended, status < OK_MAX)
        with lock:
            answers.append(answer)

    began = time.monotonic() + 0.1
    with ThreadPoolExecutor(THREADS) as pool:
        for number, (at, kind) in enumerate(arrivals(rates, seconds, seed)):
            time.sleep(max(0.0, began + at - time.monotonic()))
            pool.submit(send, kind, began + at, number)
    return answers
