"""Keeps how busy and full each machine was: a minute's samples, and the roll-ups of an hour and a day."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import and_, delete, or_, select
from sqlalchemy.orm import Session

from core.models import LoadFigure, LoadSpan

# How long each span is kept: thirteen months of days.
KEPT = {LoadSpan.MINUTE: timedelta(days=2), LoadSpan.HOUR: timedelta(days=40), LoadSpan.DAY: timedelta(days=400)}
# A counter this old tells nothing of the last minute.
COUNTER_MAX = timedelta(minutes=10)
# A counter has one row: its state, and in `highest` the second at which it was read.
COUNTED_AT = datetime(1970, 1, 1, tzinfo=UTC)


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
    starts = {span: start_of(span, now) for span in KEPT} | {LoadSpan.COUNTER: COUNTED_AT}
    of_now = or_(*(and_(LoadFigure.span == span, LoadFigure.at == at) for span, at in starts.items()))
    rows = {(row.source, row.name, row.span): row for row in session.scalars(select(LoadFigure).where(of_now))}

    def row_of(measured: Sample | Counter, span: LoadSpan) -> LoadFigure:
        key = (measured.source, measured.name, str(span))
        if key not in rows:
            rows[key] = LoadFigure(
                source=key[0], name=key[1], span=span, at=starts[span], samples=0, mean=0.0, highest=0.0
            )
            session.add(rows[key])
        return rows[key]

    kept = 0
    for measured in samples:
        value: float | None = measured.value
        if isinstance(measured, Counter):
            value = _grown(row_of(measured, LoadSpan.COUNTER), measured, now)
        if value is None:
            continue
        for span in KEPT:
            _add(row_of(measured, span), value)
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


def _grown(before: LoadFigure, counter: Counter, now: datetime) -> float | None:
    """What it grew by a second; None the first time, after a restart, or if it was not read lately."""
    seconds, grown = now.timestamp() - before.highest, counter.value - before.mean
    before.mean, before.highest = counter.value, now.timestamp()
    is_usable = before.samples > 0 and grown >= 0 and 0 < seconds <= COUNTER_MAX.total_seconds()
    before.samples += 1
    return min(grown / seconds / counter.per, counter.most) if is_usable else None


def _add(row: LoadFigure, value: float) -> None:
    row.samples += 1
    row.mean += (value - row.mean) / row.samples
    row.highest = max(row.highest, value)
