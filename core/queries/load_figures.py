"""How busy and full each machine and server was, from one hour to thirteen months, and how long its disk lasts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import StatisticsError, linear_regression

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import LoadFigure, LoadSpan

NAMES = ("cpu", "memory", "disk", "iops")
# A disk's growth is read from this much of the past.
GROWTH = timedelta(days=30)
LATELY = timedelta(minutes=15)
DAY_SECONDS = 86_400.0
# A day of hours: less says nothing of a disk that breathes.
POINTS_MIN = 24


@dataclass(frozen=True)
class Window:
    """A stretch of time that a page shows, in steps of `span`."""

    words: str
    length: timedelta
    span: LoadSpan


WINDOWS: Mapping[str, Window] = {
    "hour": Window("1 hour", timedelta(hours=1), LoadSpan.MINUTE),
    "day": Window("1 day", timedelta(days=1), LoadSpan.HOUR),
    "month": Window("30 days", timedelta(days=30), LoadSpan.DAY),
    "year": Window("13 months", timedelta(days=396), LoadSpan.DAY),
}


@dataclass(frozen=True)
class Point:
    """One span's figures."""

    at: datetime
    mean: float
    highest: float


@dataclass(frozen=True)
class Machine:
    """One machine or server: its newest figures, its history by name, and the days until its disk is full, if known."""

    source: str
    now: Mapping[str, float]
    history: Mapping[str, Sequence[Point]]
    days_left: float | None


def machines(session: Session, window: Window, now: datetime) -> tuple[Machine, ...]:
    """Every machine that was measured in this window, by name."""
    history = _points(session, window.span, now - window.length)
    newest, growth = lately(session, now - LATELY), _growth(session, now)
    return tuple(
        Machine(source, newest.get(source, {}), history.get(source, {}), days_left(growth.get(source, ())))
        for source in sorted(history.keys() | newest.keys())
    )


def lately(session: Session, since: datetime, names: Collection[str] = NAMES) -> dict[str, dict[str, float]]:
    """The means since then, by machine and name."""
    found = _points(session, LoadSpan.MINUTE, since, names)
    return {
        source: {name: sum(point.mean for point in points) / len(points) for name, points in named.items()}
        for source, named in found.items()
    }


def least_days_left(session: Session, now: datetime) -> float | None:
    """Of all disks that fill, the fewest days until one is full; None if none fills."""
    days = map(days_left, _growth(session, now).values())
    return min((left for left in days if left is not None), default=None)


def days_left(points: Sequence[Point]) -> float | None:
    """Days until a disk is full if it goes on as it did; None if it does not fill, or too little is known."""
    if len(points) < POINTS_MIN:
        return None
    days = [(point.at - points[0].at).total_seconds() / DAY_SECONDS for point in points]
    try:
        slope, _ = linear_regression(days, [point.mean for point in points])
    except StatisticsError:
        return None
    return (1.0 - points[-1].mean) / slope if slope > 0 else None


def _growth(session: Session, now: datetime) -> dict[str, list[Point]]:
    """How full each machine's disk was, hour by hour."""
    found = _points(session, LoadSpan.HOUR, now - GROWTH, ("disk",))
    return {source: named["disk"] for source, named in found.items()}


def _points(
    session: Session, span: LoadSpan, since: datetime, names: Collection[str] = NAMES
) -> dict[str, dict[str, list[Point]]]:
    """The figures of these names since then, oldest first, by machine and name."""
    row = LoadFigure
    query = select(row.source, row.name, row.at, row.mean, row.highest).where(
        row.span == span, row.at >= since, row.name.in_(names)
    )
    found: dict[str, dict[str, list[Point]]] = {}
    for source, name, at, mean, highest in session.execute(query.order_by(row.at)):
        found.setdefault(source, {}).setdefault(name, []).append(Point(at, mean, highest))
    return found
