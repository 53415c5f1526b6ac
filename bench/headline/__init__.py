"""The headline: the same product, rows, indexes and arrivals on (a) one tuned server that does all, and (b) the tiers.

People browse, look at charts, register patients and write visits through the real portals, at fixed arrival rates,
while admins ask for clinics' quarters, exports and figures. Both systems are up; windows of load go to one of them at a
time, in the order ABBA. `arrivals` says how requests are sent, `systems` and `hosts` what each program has of the
machine, `rows` what the rows are, `partitions` how the single server is partitioned, `measure` what is measured, `bill`
what it costs.

Scale 1 is 60,000 patients (600,000 visits, 6.3 million rows), and three times as many.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil

from bench._environment import program
from bench.headline import hosts, ratios, rows, sketches
from bench.headline.arrivals import HEAVY, HOT
from bench.headline.measure import Window, memory_mb, window
from bench.headline.portals import People, make_people, signed_in
from bench.headline.rows import Size
from bench.headline.systems import System, one_server, pin, tiers
from core.jobs import outbox
from core.models import ArchiveRun, RunState
from core.services import archive
from core.stores import databases

PATIENTS, LEAST = 60_000, 300
SIZES = {"1x": 1, "3x": 3}
# At a short scale windows are shorter and there are fewer: a p99 of a few hundred requests says little.
FULL_FROM, FULL, SHORT = 0.5, (15.0, 3), (5.0, 2)
WARM_SECONDS, WARM_HOST_SECONDS = 4.0, 30.0
PLOTS = Path("test-results/headline")
ALL = {**HOT, **HEAVY}
Say = Callable[[str], None]
Windows = dict[str, dict[str, list[Window]]]


def run(scale: float, say: Say) -> dict[str, Any]:
    """Ratios with their intervals, then each size's waits, costs and sizes. Writes drawings to PLOTS."""
    began, sizes, measured = time.monotonic(), {}, {}
    for name, times in SIZES.items():
        sizes[name], measured[name] = _measure_size(times, scale, say)
    found = _ratios(measured)
    for line in ratios.table(found):
        say(line)
    for path in sketches.write(PLOTS, sizes):
        say(f"drawn: {path}")
    return {
        "ratios": found,
        "sizes": sizes,
        "machine": _machine(),
        "minutes": round((time.monotonic() - began) / 60, 1),
    }


def _measure_size(times: int, scale: float, say: Say) -> tuple[dict[str, Any], Windows]:
    patients = max(LEAST, round(PATIENTS * scale))
    size, host = rows.size(patients * times), hosts.part(patients)
    seconds, rounds = FULL if scale >= FULL_FROM else SHORT
    with ExitStack() as stack:
        began = time.monotonic()
        systems = [stack.enter_context(make(size, host, say)) for make in (one_server, tiers)]
        panels = [make_people(system, size) for system in systems]
        memory = _memory(systems, panels, seconds)
        for system in systems:
            system.hosts.move_in()
        both = _signed_in(stack, systems, panels)
        placed = f"{pin(systems)}; {f'each host {host.words}' if host else 'memory and disk are shared'}"
        say(f"{size.patients:,} patients on both after {time.monotonic() - began:.0f} s; {placed}")
        for system, who in both:
            window(system, who, ALL, WARM_SECONDS if host is None else WARM_HOST_SECONDS, 0)
            system.hosts.slow_disks()
        measured = _abba(both, seconds, rounds, say)
        measured["tiers"]["again"] = [window(*both[1], ALL, seconds, n) for n in (1, 2)]
        measured["tiers"]["swept"] = _swept(*both[1], seconds)
        disk = {system.name: _sizes(system) for system in systems}
    return _told(size, measured, {"memory_mb_for_99_percent": memory, "database_mb": disk, "placed": placed}), measured


def _memory(
    systems: Sequence[System], panels: Sequence[tuple[int, ...]], seconds: float
) -> dict[str, dict[str, float]]:
    """What the load needs, while each server has room for all that it reads."""
    with ExitStack() as stack:
        both = _signed_in(stack, systems, panels)
        pin(systems)
        for system, who in both:
            window(system, who, ALL, WARM_SECONDS, 0)
        return {system.name: memory_mb(system, who, ALL, seconds, 99) for system, who in both}


def _signed_in(
    stack: ExitStack, systems: Sequence[System], panels: Sequence[tuple[int, ...]]
) -> list[tuple[System, People]]:
    return [
        (system, stack.enter_context(signed_in(system, panel))) for system, panel in zip(systems, panels, strict=True)
    ]


def _abba(both: Sequence[tuple[System, People]], seconds: float, rounds: int, say: Say) -> Windows:
    """By system and kind of load, the windows of each pair, in the order of the pairs."""
    found: Windows = {system.name: {"calm": [], "with_reports": []} for system, _ in both}
    for number in range(2 * rounds):
        for system, who in both[:: 1 if number % 2 == 0 else -1]:
            for load, rates in (("calm", HOT), ("with_reports", ALL)):
                one = window(system, who, rates, seconds, number)
                found[system.name][load].append(one)
                p99 = ratios.percentile(one.hot, 0.99) * 1000
                say(f"{system.name}, {load}: p99 {p99:.0f} ms, {one.timed_out(*HOT)} of {len(one.hot)} timed out,"
                    f" primary {one.cpu_seconds:.1f} s of processor")  # fmt: skip
    return found


def _sizes(system: System) -> dict[str, float]:
    found = {}
    for server in (system.primary, *system.beside):
        with server.connect() as connection:
            found[server.name] = round(rows.database_mb(connection), 1)
    return found


def _swept(system: System, people: People, seconds: float) -> list[Window]:
    """Windows with reports while a sweep moves, at the pace that is the default."""
    system.use()
    with program(system.env, "cli", "worker", "archive"):
        with databases.write() as session:
            run = archive.start_run(session, record_type="visit", by=None)
        outbox.relay()
        found = [window(system, people, ALL, seconds, n) for n in (0, 1)]
        with databases.write() as session:
            mine = session.get_one(ArchiveRun, run.id, with_for_update=True)
            if mine.state == RunState.RUNNING:
                archive.move(mine, RunState.PAUSED)
    return found


def _told(size: Size, measured: Windows, more: Mapping[str, Any]) -> dict[str, Any]:
    waits = {
        name: {load: ratios.by_kind(windows) for load, windows in loads.items()} for name, loads in measured.items()
    }
    primary = {name: ratios.costs(loads["with_reports"]) for name, loads in measured.items()}
    return {"patients": size.patients, "visits": size.visits, "events": size.events, "waits": waits,
            "primary": primary, **more}  # fmt: skip


def _ratios(measured: Mapping[str, Windows]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for size, systems in measured.items():
        told = _between_systems(systems)
        for name, windows in systems.items():
            told |= _by_reports(name, windows)
        told |= _of_tiers(systems["tiers"])
        found |= {f"{size}: {name}": ratio for name, ratio in told.items()}
    return found | _between_sizes(measured)


def _between_systems(systems: Windows) -> dict[str, dict[str, Any]]:
    """What the tiers take of one server's figures, with reports."""
    loaded = list(zip(systems["one server"]["with_reports"], systems["tiers"]["with_reports"], strict=True))
    found = {}
    for name, spent in (("cpu", "cpu_seconds"), ("buffers", "buffers"), ("log", "wal_bytes")):
        pairs = [tuple(each.per_thousand(getattr(each, spent)) for each in pair) for pair in loaded]
        wanted = "at most 0.5, to 0.6" if name == "cpu" else ""
        found[f"primary's {name} per 1,000 hot requests, b to a"] = {**_of(pairs), "wanted": wanted}
    for kinds, words in ((("register",), "registering"), (tuple(HOT), "hot")):
        found[f"p99 of {words} with reports, b to a"] = _of(_p99s(loaded, kinds))
    return found


def _by_reports(name: str, windows: Mapping[str, list[Window]]) -> dict[str, dict[str, Any]]:
    """What reports do to who registers, on one system."""
    is_ours = name == "tiers"
    pairs = _p99s(zip(windows["calm"], windows["with_reports"], strict=True), ("register",))
    timed_out = sum(window.timed_out("register") for window in windows["with_reports"])
    return {
        f"p99 of registering, reports to none, {name}": {**_of(pairs), "wanted": "at most 1.3" if is_ours else ""},
        f"registrations timed out with reports, {name}": {
            "median": timed_out, "low": None, "wanted": "none" if is_ours else "some",
        },
    }  # fmt: skip


def _of_tiers(tier: Mapping[str, list[Window]]) -> dict[str, dict[str, Any]]:
    """The tiers beside themselves: measured again, and while a sweep moves."""
    again = list(zip(tier["with_reports"][1:3], tier["again"], strict=False))
    spent = [tuple(each.per_thousand(each.cpu_seconds) for each in pair) for pair in again]
    swept = list(zip(tier["with_reports"], tier["swept"], strict=False))
    waits = [tuple(ratios.percentile(each.hot, 0.95) for each in pair) for pair in swept]
    return {
        "A/A, primary's cpu, tiers to tiers": _of(spent),
        "A/A, p99 of hot, tiers to tiers": _of(_p99s(again, tuple(HOT))),
        "p95 of hot, sweep to none, tiers": {**_of(waits), "wanted": "at most 1.1"},
    }


def _between_sizes(measured: Mapping[str, Windows]) -> dict[str, dict[str, Any]]:
    found = {}
    for name in ("one server", "tiers"):
        pairs = _p99s(zip(*(measured[size][name]["with_reports"] for size in SIZES), strict=True), tuple(HOT))
        wanted = "at most 1.1" if name == "tiers" else ""
        found[f"p99 of hot with reports, 3x to 1x, {name}"] = {**_of(pairs), "wanted": wanted}
    return found


def _p99s(pairs: Iterable[tuple[Window, ...]], kinds: tuple[str, ...]) -> list[tuple[float, ...]]:
    return [tuple(_p99(each, kinds) for each in pair) for pair in pairs]


def _of(pairs: Sequence[tuple[float, ...]]) -> dict[str, Any]:
    return ratios.ratio([(first, second) for first, second in pairs])


def _p99(one: Window, kinds: tuple[str, ...]) -> float:
    return ratios.percentile(one.of(*kinds), 0.99)


def _machine() -> dict[str, Any]:
    return {
        "system": platform.platform(), "python": platform.python_version(), "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30), "load": [round(one, 1) for one in os.getloadavg()],
        "at": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
    }  # fmt: skip
