"""All of the deep check, in order, within its time, and the taking away at its end."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from statistics import median

from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from commands.doctor.deep import made_patient, moves, role_attempts
from commands.doctor.deep.made_patient import Unfinished
from commands.doctor.deep.masking import Mask
from commands.doctor.finding import Finding
from core.engines import EngineError
from core.engines.patience import patience
from core.install.database_roles import DatabaseRole
from core.models import ArchiveRun, RunState
from core.queries.patients import NoSuchPatient
from core.services.archive import RunUnderWay
from core.services.archive_restore import NothingToRestore
from core.settings.config import Settings
from core.stores import databases
from core.stores.archived import ColdUnavailable
from core.stores.databases import Store
from core.stores.freshness import ReplicaBehind

LIMIT_SECONDS, ENDING_SECONDS = 240.0, 50.0
ROUND_TRIPS = 9
FAULTS = (SQLAlchemyError, EngineError, Unfinished, RunUnderWay, NothingToRestore, NoSuchPatient, ColdUnavailable,
          ReplicaBehind, OSError)  # fmt: skip
STORES = {Store.HOT: "primary", Store.REPLICA: "replica", Store.LOGS: "archive logs", Store.VISITS: "archive visits",
          Store.REPORTS: "archive reports"}  # fmt: skip


def examine(settings: Settings) -> Iterator[Finding]:
    """Findings without names; what it made is gone when the last one has been given, or at the next run."""
    began, mask = time.monotonic(), Mask(settings)
    until = began + LIMIT_SECONDS
    yield Finding("installation", True, _installation(settings))
    for found in _parts(settings, mask, until):
        yield Finding(found.subject, found.ok, mask(found.detail), mask(found.mend))
    yield Finding("time", True, f"{time.monotonic() - began:.0f} s of {LIMIT_SECONDS + ENDING_SECONDS:.0f}")


def _parts(settings: Settings, mask: Mask, until: float) -> Iterator[Finding]:
    yield from _guarded("servers", mask, lambda: _servers(mask))
    hindrance = _hindrance(settings)
    if hindrance:
        yield Finding("move", False, "not begun", hindrance)
        return
    yield from _guarded("rights", mask, role_attempts.examine)
    for patient_id in made_patient.left_behind():
        yield from _guarded("left behind", mask, lambda left=patient_id: _taken_away(left, until, "left behind"))
    yield from _guarded("move", mask, lambda: _moves(mask, until))


def _moves(mask: Mask, until: float) -> Iterator[Finding]:
    patient_id = made_patient.make()
    try:
        yield from _guarded("move", mask, lambda: moves.examine(patient_id, until))
    finally:
        # Also after Ctrl-C, and when nobody listens to the rest.
        ended = list(
            _guarded("taken away", mask, lambda: _taken_away(patient_id, until + ENDING_SECONDS, "taken away"))
        )
    yield from ended


def _taken_away(patient_id: int, until: float, subject: str) -> Iterator[Finding]:
    rows = made_patient.take_away(patient_id, until)
    yield Finding(subject, True, f"{rows} rows of the made-up patient; events and the runs' histories stay")


def _guarded(subject: str, mask: Mask, examined: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from examined()
    except FAULTS as fault:
        yield Finding(subject, False, mask.fault(fault), "see `strata doctor`, mend that, and run this again")


def _hindrance(settings: Settings) -> str:
    """Why rows can't be moved now; empty if they can."""
    adapter = databases.current().adapter
    with databases.read(Store.HOT) as session:
        if adapter.roles.own(session.connection(), list(DatabaseRole)):
            return "run it as the owner: a process's login may not do all of this"
        under_way = select(ArchiveRun.id, ArchiveRun.scope).where(ArchiveRun.state != RunState.DONE)
        ours = {f"patient:{patient_id}" for patient_id in made_patient.left_behind()}
        others = [run_id for run_id, scope in session.execute(under_way) if scope not in ours]
    return f"wait for run {others[0]}, or mend it: `strata archive status --run {others[0]}`" if others else ""


def _installation(settings: Settings) -> str:
    engine = "SQL Server" if settings.primary_url.startswith("mssql") else "PostgreSQL"
    link = f", links by {settings.link}" if engine == "SQL Server" else ""
    return f"strata {version('strata')}, {engine}{link}, Python {platform.python_version()}, {platform.system()}"


def _servers(mask: Mask) -> Iterator[Finding]:
    for store, name in STORES.items():
        yield from _guarded(name, mask, lambda store=store, name=name: _server(store, name, mask))


def _server(store: Store, name: str, mask: Mask) -> Iterator[Finding]:
    """Its version, and the way to it: a new connection, and the median of some round trips."""
    engine = databases.current().engine(store, read_only=True)
    engine.dispose()
    seconds = []
    with engine.connect() as connection:
        what = databases.current().adapter.server.version(connection)
        for _ in range(ROUND_TRIPS):
            began = time.monotonic()
            connection.execute(text("SELECT 1"))
            seconds.append(time.monotonic() - began)
    way = patience.way(engine.url)
    yield Finding(
        name,
        True,
        f"{what}, {mask.host(engine.url.host)}; connects in {(way.connect_seconds or 0) * 1000:.0f} ms, round trip"
        f" {median(seconds) * 1000:.1f} ms; time-outs {patience.times(engine.url):.1f} times as long",
    )
