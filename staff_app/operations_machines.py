"""The page of machines: how busy and full each one was, from one hour to thirteen months."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import current_app as app
from flask import request
from markupsafe import Markup
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from core.access.permissions import Right
from core.models import LoadSpan, utc_now
from core.queries import alerts
from core.queries.load_figures import NAMES, WINDOWS, Machine, Point, Window, machines
from core.services.alerting import RULES
from core.stores import replica_reads
from core.web.access import requires
from core.web.drawings.plots import Series, lines
from core.web.filters import Formats, number
from core.web.htmx import render
from core.web.page_sessions import page_session
from staff_app.operations import bp
from staff_app.operations_alerts import alert_lines, limits
from staff_app.operations_figures import percent

WORDS = {"cpu": "processor", "memory": "memory", "disk": "disk"}
RULE_OF = {"cpu": "processor busy", "memory": "memory short", "disk": "disk nearly full"}
# What breaks first is shown first: machines, the primary, its replica, then what can wait.
ORDER = ("machine", "primary", "replica", "public portal", "staff portal", "workers", "scheduler", "archive")
WATCHED_BY = "machines.md"
ByName = Mapping[str, Mapping[datetime, Point]]


@dataclass(frozen=True)
class MachineView:
    """One machine as the page shows it: what it does now in words, two drawings, and their table."""

    source: str
    now: Sequence[tuple[str, str]]
    shares: Markup
    operations: Markup
    rows: Sequence[Sequence[str]]


@bp.get("/machines")
@requires(Right.OPERATIONS_READ)
def machines_page() -> Response:
    name = request.args.get("window", "")
    window = WINDOWS.get(name, WINDOWS["hour"])
    with page_session() as session:
        lines_of_alerts = alert_lines(alerts.firing(session))
    watching = {rule.name for rule in RULES if rule.runbook == WATCHED_BY}
    return render(
        "staff/operations/machines.html",
        windows=WINDOWS,
        chosen=name if name in WINDOWS else "hour",
        machines=_read(window),
        rules=[line for line in lines_of_alerts if line.name in watching],
    )


def _read(window: Window) -> list[MachineView] | None:
    """Every machine; None while the replica does not answer."""
    try:
        with replica_reads.read(replica_reads.PAGE_SECONDS) as session:
            found = sorted(machines(session, window, utc_now()), key=_rank)
            return [_view(machine, window) for machine in found]
    except (replica_reads.ReplicaBehind, SQLAlchemyError):
        return None


def _rank(machine: Machine) -> tuple[int, str]:
    place = next((n for n, kind in enumerate(ORDER) if machine.source.startswith(kind)), len(ORDER))
    return place, machine.source


def _view(machine: Machine, window: Window) -> MachineView:
    times = sorted({point.at for points in machine.history.values() for point in points})
    stamps = [_stamp(at, window) for at in times]
    by_name = {name: {point.at: point for point in points} for name, points in machine.history.items()}
    alerts_at = [limit for name in WORDS if name in by_name for limit in limits(RULE_OF[name], of=WORDS[name])]
    shares = lines(_series(by_name, WORDS, times), stamps, name=f"{machine.source}: shares", write=percent, high=1.0,
                   limits=alerts_at)  # fmt: skip
    iops = lines(_series(by_name, ("iops",), times), stamps, name=f"{machine.source}: disk operations a second",
                 write=_rate, limits=limits("disk operations"))  # fmt: skip
    rows = [(stamp, *_cells(by_name, at)) for stamp, at in zip(stamps, times, strict=True)]
    return MachineView(machine.source, _now(machine), shares, iops, rows)


def _series(by_name: ByName, names: Iterable[str], times: Sequence[datetime]) -> list[Series]:
    told = [(WORDS.get(name, name), by_name[name]) for name in names if name in by_name]
    return [Series(words, [points[at].mean if at in points else None for at in times]) for words, points in told]


def _cells(by_name: ByName, at: datetime) -> list[str]:
    return [_cell(name, by_name.get(name, {}).get(at)) for name in NAMES]


def _cell(name: str, point: Point | None) -> str:
    if point is None:
        return ""
    mean, highest = _words(name, point.mean), _words(name, point.highest)
    return mean if mean == highest else f"{mean} ({highest})"


def _now(machine: Machine) -> list[tuple[str, str]]:
    told = [
        (WORDS.get(name, "disk operations"), _words(name, machine.now[name])) for name in NAMES if name in machine.now
    ]
    if machine.days_left is not None:
        told.append(("disk full in", f"about {number(round(machine.days_left))} days"))
    return told


def _words(name: str, value: float) -> str:
    return percent(value) if name in WORDS else _rate(value)


def _rate(value: float) -> str:
    return f"{number(round(value, 1))}/s"


def _stamp(at: datetime, window: Window) -> str:
    formats: Formats = app.extensions["strata_formats"]
    return formats.short_day(at) if window.span is LoadSpan.DAY else formats.minute(at)
