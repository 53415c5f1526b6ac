"""Why a run waits before its next batch: one list of rules, each a reason to show or nothing."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import datetime
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, text

from core.models import Step, StepName, StepState, Visit, utc_now
from core.stores import databases, freshness
from core.stores.databases import Store

PROBES = 5
MEGABYTE = 1 << 20


def outside_window(_run_id: int) -> str | None:
    """It is not an hour in which runs may move rows, in the clinics' time zone."""
    settings = databases.current().settings
    if not settings.archive_window:
        return None
    now = utc_now().astimezone(ZoneInfo(settings.time_zone))
    if is_within(settings.archive_window, now):
        return None
    return f"outside its hours: {settings.archive_window} ({settings.time_zone}), now {now:%H:%M}"


def is_within(window: str, now: datetime) -> bool:
    """Whether a time of day is in a window such as 22:00-05:00; the end is outside."""
    first, last = (time_of_day.fromisoformat(part) for part in window.split("-"))
    clock = now.time()
    return first <= clock < last if first < last else clock >= first or clock < last


def replica_behind(_run_id: int) -> str | None:
    """The replica is too many seconds behind, or lacks too much log, which tells more when the primary is quiet."""
    settings, state = databases.current().settings, freshness.watch.state()
    if not state.answers:
        return "the replica does not answer"
    if state.lag_seconds > settings.archive_lag_max_seconds:
        return f"the replica is {state.lag_seconds:.0f} s behind (most {settings.archive_lag_max_seconds:.0f} s)"
    missing = (freshness.primary_position() - state.position) / MEGABYTE
    if missing > settings.archive_lag_max_mb:
        return f"the replica lacks {missing:,.0f} MB of log (most {settings.archive_lag_max_mb:,} MB)"
    return None


def primary_slow(_run_id: int) -> str | None:
    """The median of a few small reads, such as a page makes, takes too long."""
    most = databases.current().settings.archive_latency_max_ms
    median = statistics.median(probe_seconds()) * 1000
    return f"the primary takes {median:.0f} ms for a small read (most {most:.0f} ms)" if median > most else None


def probe_seconds() -> list[float]:
    spent = []
    with databases.read(Store.HOT) as session:
        session.execute(text("SELECT 1"))
        for _probe in range(PROBES):
            began = time.perf_counter()
            session.execute(select(Visit.id, Visit.started_at).order_by(Visit.id.desc()).limit(1)).all()
            spent.append(time.perf_counter() - began)
    return spent


def rows_per_second(run_id: int) -> str | None:
    """The last batch moved its rows in less time than the limit allows: wait until that time is over."""
    most = databases.current().settings.archive_rows_per_second
    if not most:
        return None
    with databases.read(Store.HOT) as session:
        ended = (Step.run_id == run_id, Step.name.in_(MOVES), Step.state == StepState.DONE)
        last = session.scalar(select(Step).where(*ended).order_by(Step.id.desc()).limit(1))
        if last is None:
            return None
        began = session.scalar(select(func.min(Step.started_at)).where(Step.batch_id == last.batch_id))
    if (utc_now() - (began or last.started_at)).total_seconds() < last.rows / most:
        return f"{most:,} rows/s is the most"
    return None


MOVES = (StepName.RELEASE, StepName.RESTORE)
RULES: tuple[Callable[[int], str | None], ...] = (outside_window, rows_per_second, replica_behind, primary_slow)


def reason(run_id: int) -> str | None:
    """The first reason to wait, or None."""
    return next((found for rule in RULES if (found := rule(run_id)) is not None), None)
