"""A report's worker as a process of its own, to be killed at any moment."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from core.models import OutboxMessage, Report
from core.settings import config
from core.stores import databases
from core.stores.databases import Store
from workers import run
from workers.reports import lease

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.integration.reports.crashing", "workers.reports.jobs"])
START_SECONDS = 30
END_SECONDS = 60


def perform(environment: Mapping[str, str], message_id: int, begun: Any) -> None:
    """Do one job of the outbox."""
    databases.configure(config.load(environment))
    with databases.read(Store.HOT) as session:
        session.get_one(OutboxMessage, message_id)
    begun.set()
    run.perform(message_id)


def message_of(report_id: int) -> int:
    """The message that asks for a report's job."""
    with databases.read(Store.HOT) as session:
        messages = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc())).all()
    return next(message.id for message in messages if message.arguments.get("report_id") == report_id)


def work(environment: Mapping[str, str], message_id: int, *, kill_after: float | None) -> float:
    """Do a job in a process, killed after so many seconds unless it is done before; how long it was at work."""
    begun = _context.Event()
    process = _context.Process(target=perform, args=(dict(environment), message_id, begun), daemon=True)
    process.start()
    assert begun.wait(START_SECONDS)
    began = time.monotonic()
    process.join(END_SECONDS if kill_after is None else kill_after)
    if process.is_alive():
        assert kill_after is not None, "the job did not end"
        process.kill()
        process.join()
    return time.monotonic() - began


def let_lease_run_out(report_id: int) -> None:
    """As if nobody had given a sign of life for as long as a lease lasts."""
    with databases.write() as session:
        report = session.get_one(Report, report_id)
        if report.heartbeat_at is not None:
            report.heartbeat_at -= lease.LEASE + timedelta(seconds=1)
