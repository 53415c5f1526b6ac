"""Each page at 300 patients and at many, in turn, by the clock: portal, servers and all. Scale 1 is 500,000 patients
with 5 million visits and 10 million access events, as `strata generate` lays them; nothing has been moved.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from sqlalchemy import func, select

from bench._environment import ROOT, Environment, environment
from bench._page import signed_in
from bench._spread import spread
from core.models import Account, Clinic, Observation, Role, Visit, utc_now
from core.settings import config
from core.stores import databases, freshness, replica_watch
from core.stores.databases import Store
from workers import outliers

PATIENTS, SMALL, VISITS_EACH, LOOKS_EACH = 500_000, 300, 10, 20
REPETITIONS, WARM_UP = 15, 3
Ask = Callable[[], None]

# By role: who asks, and for what.
PAGES: dict[Role, tuple[str, ...]] = {
    Role.PATIENT: ("/", "/history", "/results", "/results/{assay}", "/record", "/reports", "/visits", "/account"),
    Role.CLINICIAN: (
        "/", "/patients", "/patients?q=Tan", "/patients?q=d/o", "/patients?q=born+1954", "/patients/{patient}",
        "/patients/{patient}/history", "/patients/{patient}/visits", "/patients/{patient}/results/{assay}",
        "/patients/{patient}/visits/new", "/patients/new", "/reports",
    ),
    Role.ADMIN: (
        "/accounts", "/accounts?q=Tan", "/archive", "/archive/runs", "/archive/retention", "/operations",
        "/operations/machines", "/clinics", "/clinics/{clinic}/quarters/{quarter}",
    ),
    Role.AUDITOR: (
        "/audit", "/audit?person=Dr", "/audit?action=chart.viewed", "/audit?outcome=deny", "/audit?role=clinician",
        "/audit?patient={patient}", "/audit/outliers",
    ),
}  # fmt: skip


def run(scale: float, say: Callable[[str], None]) -> dict[str, Any]:
    """By page: the ratio of its times, large to small, and both in milliseconds; the page that grows most first."""
    large = max(SMALL, round(PATIENTS * scale))
    with ExitStack() as stack:
        sizes = [stack.enter_context(_filled(patients, say)) for patients in (SMALL, large)]
        asks = [_asks(made) for made in sizes]
        found = {}
        for name in asks[0]:
            small, many = _in_turn([(made, ask[name]) for made, ask in zip(sizes, asks, strict=True)])
            pairs = [after / before for before, after in zip(small, many, strict=True)]
            found[name] = {"ratio": spread(pairs), "small_ms": spread(small), "large_ms": spread(many)}
            say(f"{name}: {found[name]['small_ms']['median']:.1f} to {found[name]['large_ms']['median']:.1f} ms")
    return dict(sorted(found.items(), key=lambda each: -each[1]["ratio"]["median"]))


@contextmanager
def _filled(patients: int, say: Callable[[str], None]) -> Iterator[Environment]:
    with environment(say) as made:
        command = [sys.executable, "-m", "cli", "generate", "--patients", str(patients),
                   "--visits-per-patient", str(VISITS_EACH), "--access-events", str(LOOKS_EACH * patients)]  # fmt: skip
        subprocess.run(command, cwd=ROOT, env={**os.environ, **made.env}, check=True, stdout=subprocess.DEVNULL)
        with made.servers.postgres["primary"].connect() as connection:
            connection.execute("VACUUM (ANALYZE)")
        freshness.wait_for_replica(freshness.primary_position())
        outliers.count()
        yield made


def _asks(made: Environment) -> dict[str, Ask]:
    """By page, what asks for it here, of a patient with as many visits as most."""
    databases.configure(config.load(made.env))
    with databases.read(Store.HOT) as session:
        of = session.execute(
            select(Visit.patient_id, func.count()).where(Visit.patient_id <= SMALL).group_by(Visit.patient_id)
        ).all()
        patient = min(of, key=lambda each: (abs(each[1] - VISITS_EACH), each[0]))[0]
        assay = session.scalar(select(func.min(Observation.assay_id)).where(Observation.patient_id == patient))
        clinic = session.scalar(select(func.min(Clinic.id)))
    now = utc_now()
    words = {"patient": patient, "assay": assay, "clinic": clinic, "quarter": f"{now.year}-Q{(now.month + 2) // 3}"}
    found: dict[str, Ask] = {}
    for role, paths in PAGES.items():
        with databases.write() as session:
            account = Account(username=f"bench-{role}", role=role, name="Bench", covers_all=role == Role.CLINICIAN)
            account.patient_id = patient if role == Role.PATIENT else None
            session.add(account)
        ask = signed_in("public" if role == Role.PATIENT else "staff", account)
        found |= {f"{role} {path}": _one(ask, path.format(**words)) for path in paths}
    return found


def _one(ask: Callable[[str], None], path: str) -> Ask:
    return lambda: ask(path)


def _in_turn(both: list[tuple[Environment, Ask]]) -> list[list[float]]:
    """Milliseconds by the clock at each size: a block of one, two of the other, and one of the first."""
    waits: list[list[float]] = [[], []]
    for which in (0, 1, 1, 0):
        made, ask = both[which]
        databases.configure(config.load(made.env))
        replica_watch.forget()
        for number in range(WARM_UP + REPETITIONS):
            began = time.perf_counter()
            ask()
            if number >= WARM_UP:
                waits[which].append((time.perf_counter() - began) * 1000)
    return waits
