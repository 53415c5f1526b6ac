"""Keeps how busy and full each machine was: a minute's samples, and the roll-ups of an hour and a day."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from core.models import LoadFigure, LoadSpan

# How long each span is kept: thirteen months of days.
KEPT = {LoadSpan.MINUTE: timedelta(days=2), LoadSpan.HOUR: timedelta(days=40), LoadSpan.DAY: timedelta(days=400)}
# A counter this old tells nothing of the last minute.
COUNTER_MAX = timedelta(minutes=10)


@dataclass(frozen=True)
class Sample:
    """What was measured at one moment: a share (0 to 1), or operations a second."""

    source: str
    name: str
    value: float


@dataclass(frozen=True)
class Counter:
    """Something that only grows, such as seconds of a processor's work.

    What it grew by in a second is divided by `per`, and is at most `most`: a processor's ticks are coarse.
    """

    source: str
    name: str
    value: float
    per: float = 1.0
    most: float = math.inf


def keep(session: Session, samples: Iterable[Sample | Counter], now: datetime) -> int:
    """Add samples to the spans they are in; of a counter, what it grew by since it was last read. Gives how many."""
    kept = 0
    for measured in samples:
        value = _grown(session, measured, now) if isinstance(measured, Counter) else measured.value
        if value is None:
            continue
        for span in KEPT:
            _add(session, measured, span, start_of(span, now), value)
        kept += 1
    return kept


def forget_old(session: Session, now: datetime) -> None:
    """Delete what has been kept long enough."""
    for span, kept in KEPT.items():
        session.execute(delete(LoadFigure).where(LoadFigure.span == span, LoadFigure.at < now - kept))


def start_of(span: LoadSpan, at: datetime) -> datetime:
    """The beginning, in UTC, of the minute, hour or day that an instant is in."""
    at = at.astimezone(UTC).replace(second=0, microsecond=0)
    if span is LoadSpan.MINUTE:
        return at
    return at.replace(minute=0) if span is LoadSpan.HOUR else at.replace(hour=0, minute=0)


def _grown(session: Session, counter: Counter, now: datetime) -> float | None:
    """What it grew by a second; None the first time, after a restart, or if it was not read lately."""
    key = (counter.source, counter.name, LoadSpan.COUNTER, datetime.min.replace(year=1970, tzinfo=UTC))
    before = session.get(LoadFigure, key)
    if before is None:
        before = LoadFigure(source=key[0], name=key[1], span=key[2], at=key[3], samples=0, mean=0.0, highest=0.0)
        session.add(before)
    seconds, grown = now.timestamp() - before.highest, counter.value - before.mean
    before.mean, before.highest = counter.value, now.timestamp()
    is_usable = before.samples > 0 and grown >= 0 and 0 < seconds <= COUNTER_MAX.total_seconds()
    before.samples += 1
    return min(grown / seconds / counter.per, counter.most) if is_usable else None


def _add(session: Session, measured: Sample | Counter, span: LoadSpan, at: datetime, value: float) -> None:
    row = session.get(LoadFigure, (measured.source, measured.name, span, at))
    if row is None:
        row = LoadFigure(
            source=measured.source, name=measured.name, span=span, at=at, samples=0, mean=0.0, highest=value
        )
        session.add(row)
    row.samples += 1
    row.mean += (value - row.mean) / row.samples
    row.highest = max(row.highest, value)
