"""Regular jobs: one list, started through the outbox. No scheduler for a while, or two at once, do no harm."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from croniter import croniter
from redis import Redis, RedisError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core.jobs import outbox, tasks
from core.jobs.safe_traceback import frames
from core.metrics import exposed
from core.models import ScheduleMark, utc_now
from core.queries.alerts import SCHEDULED_AS
from core.stores import databases
from workers import scraped, watchdog

log = logging.getLogger(__name__)

TICK_SECONDS = 2.0
WATCH_SECONDS = 60.0
RING_SECONDS = 0.05


@dataclass(frozen=True)
class Entry:
    """A task to start: `when` is a length of time, or a cron line in UTC."""

    name: str
    task: str
    when: timedelta | str
    arguments: Mapping[str, int | str] = field(default_factory=dict)

    @property
    def queue(self) -> str:
        """The queue whose workers do the task."""
        return tasks.TASKS[self.task].queue


SCHEDULE = (
    Entry("resume archive runs", "workers.archive.driver.resume_runs", timedelta(seconds=10)),
    Entry("purge restored copies", "workers.archive.purge.purge_restored", timedelta(seconds=30)),
    Entry("expire staged files", "workers.archive.expire.expire_staged", timedelta(hours=1)),
    Entry("rebuild stale pictures", "workers.stale_pictures.rebuild_stale", timedelta(seconds=30)),
    Entry("resume reports", "workers.reports.jobs.resume_reports", timedelta(seconds=30)),
    Entry(SCHEDULED_AS, "workers.alerts.evaluate", timedelta(minutes=1)),
    Entry("keep audit heads", "workers.audit_heads.keep", timedelta(hours=1)),
    Entry("sample machines", "workers.machines.sample", timedelta(minutes=1)),
    Entry("count what stands out", "workers.outliers.count", timedelta(minutes=10)),
    Entry("tidy", "workers.tidy.tidy", timedelta(minutes=1)),
    Entry("forget what was watched", "workers.forgetting.forget_watched", timedelta(hours=1)),
    Entry("forget how runs went", "workers.forgetting.forget_moves", timedelta(hours=1)),
    Entry("end courses", "workers.end_courses.end_courses", timedelta(hours=1)),
    Entry("evaluate factcheck", "workers.evaluate.evaluate", "0 19 * * 0", {"suite": "factcheck"}),
    Entry("evaluate injection", "workers.evaluate.evaluate", "20 19 * * 0", {"suite": "injection"}),
    Entry("evaluate drafting", "workers.evaluate.evaluate", "40 19 * * 0", {"suite": "drafting"}),
    Entry("evaluate cost", "workers.evaluate.evaluate", "50 19 * * 0", {"suite": "cost"}),
    Entry("archive logs", "workers.archive.driver.sweep", "0 18 * * *", {"record_type": "log"}),
    Entry("archive visits", "workers.archive.driver.sweep", "15 18 * * *", {"record_type": "visit"}),
    Entry("archive reports", "workers.archive.driver.sweep", "30 18 * * *", {"record_type": "report"}),
)


def run() -> None:
    """Start what is due and send what waits in the outbox, until SIGTERM or SIGINT."""
    if address := databases.current().settings.metrics_address:
        scraped.register()
        exposed.serve(address)
    stop, redis, watched_at = threading.Event(), outbox.worker_connection(), 0.0
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    while not stop.is_set():
        try:
            start_due(utc_now())
            outbox.relay()
            if time.monotonic() >= watched_at + WATCH_SECONDS:
                watched_at = time.monotonic()
                watchdog.look()
        except SQLAlchemyError as fault:
            log.warning("the primary does not answer, trying again: %s", type(fault).__name__)
        except Exception as fault:
            # Nothing that one row holds ends the scheduler, on which all jobs wait.
            log.error("a tick failed, trying again: %s", frames(fault))
        _rest(stop, redis)


def _rest(stop: threading.Event, redis: Redis) -> None:
    """Until the next tick, or until a portal rings: then not even that long."""
    try:
        if outbox.wait_for_ring(redis, TICK_SECONDS):
            # However often it rings.
            stop.wait(RING_SECONDS)
    except RedisError:
        stop.wait(TICK_SECONDS)


def start_due(now: datetime) -> list[str]:
    """Put every due job in the outbox, once however many schedulers run; returns the names.

    A job whose last one has not run yet stays due: a queue that nobody works on does not grow.
    """
    started = []
    with databases.write() as session:
        for entry in SCHEDULE:
            mark = session.get(ScheduleMark, entry.name, with_for_update=True)
            if mark is None:
                session.add(ScheduleMark(name=entry.name, started_at=now))
            elif now >= due_at(entry, mark.started_at) and not _waits(session, entry):
                mark.started_at = now
                outbox.add(session, entry.task, **entry.arguments)  # type: ignore[arg-type]
                started.append(entry.name)
    return started


def _waits(session: Session, entry: Entry) -> bool:
    return dict(entry.arguments) in outbox.waiting(session, entry.task).values()


def due_at(entry: Entry, last: datetime) -> datetime:
    """When an entry is next due, if it last started at `last`."""
    if isinstance(entry.when, timedelta):
        return last + entry.when
    following: datetime = croniter(entry.when, last).get_next(datetime)
    return following
