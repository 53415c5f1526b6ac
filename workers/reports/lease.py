"""The right of one worker to work on one report, kept alive by a heartbeat. Who loses it can write nothing more."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core.models import Base, Report, ReportState, utc_now
from core.services.reports.lifecycle import IN_WORK, locked
from core.stores import databases
from core.stores.databases import Store
from workers.reports import budget
from workers.reports.faults import LeaseLost, LoopFailure

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 5.0
LEASE = timedelta(seconds=30)
# Less than a job's time limit, so that a slow endpoint ends the report with that cause, before the job is killed.
WORK_SECONDS_MAX = 600.0


class Held(Exception):
    """A live worker has the report."""


class NothingToDo(Exception):
    """The report is in no state to be worked on; the message says which."""


class Hold(Protocol):
    """What work on a report needs: to look at it and change it, as long as it is in a state to be worked on."""

    @property
    def report_id(self) -> int: ...

    def check(self) -> None: ...

    def step(self, *states: ReportState) -> AbstractContextManager[tuple[Session, Report]]: ...

    def look(self, *states: ReportState) -> AbstractContextManager[tuple[Session, Report]]: ...


class OfReady:
    """A report that a clinician reviews: no worker holds it, so each step finds out anew whether it still is."""

    def __init__(self, report_id: int) -> None:
        self.report_id = report_id

    def check(self) -> None:
        """Each step looks by itself."""

    @contextmanager
    def step(self, *states: ReportState) -> Iterator[tuple[Session, Report]]:
        """One transaction on the report, which must be in one of `states`. Raises LeaseLost."""
        with databases.write() as session:
            report = locked(session, self.report_id)
            _check_state(report, states)
            yield session, report

    @contextmanager
    def look(self, *states: ReportState) -> Iterator[tuple[Session, Report]]:
        """The report, read as `step` reads it but neither locked nor changed."""
        with databases.read(Store.HOT) as session:
            report = session.get(Report, self.report_id)
            if report is None:
                raise LeaseLost(f"report {self.report_id} is open no more")
            _check_state(report, states)
            yield session, report


def _check_state(report: Report, states: tuple[ReportState, ...]) -> None:
    if report.state not in states:
        raise LeaseLost(f"report {report.id} is now {report.state}")


class Lease:
    """A worker's hold on a report; the token is the heartbeat that it wrote last."""

    def __init__(self, report_id: int, token: datetime) -> None:
        self.report_id = report_id
        self._token = token
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._lost = False
        self._started = time.monotonic()
        self._thread = threading.Thread(target=self._beat_until_stopped, daemon=True)

    def __enter__(self) -> Lease:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    @contextmanager
    def step(self, *states: ReportState) -> Iterator[tuple[Session, Report]]:
        """One transaction on the report, which must be in one of `states` and still ours. Raises LeaseLost."""
        with self._lock, databases.write() as session:
            report = locked(session, self.report_id)
            self._check_ours(report, states)
            yield session, report

    @contextmanager
    def look(self, *states: ReportState) -> Iterator[tuple[Session, Report]]:
        """The report, read as `step` reads it but neither locked nor changed: a write after it must look again."""
        with self._lock, databases.read(Store.HOT) as session:
            report = session.get_one(Report, self.report_id)
            self._check_ours(report, states)
            yield session, report

    def _check_ours(self, report: Report, states: tuple[ReportState, ...]) -> None:
        _check_state(report, states)
        if report.heartbeat_at != self._token:
            raise LeaseLost(f"report {self.report_id} was taken over by another worker")

    def check(self) -> None:
        """Raises LeaseLost if a heartbeat found the report gone, LoopFailure if the work has taken too long."""
        if self._lost:
            raise LeaseLost(f"report {self.report_id} was taken over, or ended")
        if time.monotonic() - self._started > WORK_SECONDS_MAX:
            raise LoopFailure(f"the models were too slow: {WORK_SECONDS_MAX / 60:g} minutes were not enough")

    def _beat_until_stopped(self) -> None:
        while not self._stop.wait(HEARTBEAT_SECONDS):
            try:
                self._beat()
            except SQLAlchemyError as fault:
                log.warning("report %s: no heartbeat: %s", self.report_id, type(fault).__name__)

    def _beat(self) -> None:
        table = Base.metadata.tables["report"]
        with self._lock, databases.write() as session:
            now = utc_now()
            mine = (table.c.id == self.report_id, table.c.heartbeat_at == self._token)
            if session.execute(update(table).where(*mine).values(heartbeat_at=now)).rowcount:  # type: ignore[attr-defined]
                self._token = now
            else:
                self._lost = True


def take(report_id: int) -> Lease:
    """Take a report that nobody works on. Raises Held, NothingToDo, NoSuchReport."""
    with databases.write() as session:
        report = locked(session, report_id)
        if report.state not in IN_WORK:
            raise NothingToDo(f"report {report_id} is {report.state}: nothing to do")
        now = utc_now()
        if is_alive(report.heartbeat_at, now):
            raise Held(f"a worker is busy with report {report_id}")
        budget.settle_lost(session, report_id)
        budget.note_lost_answers(session, report)
        report.heartbeat_at = now
        report.started_at = report.started_at or now
    return Lease(report_id, now)


def is_alive(heartbeat_at: datetime | None, now: datetime) -> bool:
    """Whether a heartbeat is recent enough for its worker to be living."""
    return heartbeat_at is not None and now - heartbeat_at < LEASE
