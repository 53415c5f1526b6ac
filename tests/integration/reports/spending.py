"""A worker that spends as fast as it can, as a process of its own."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from core.models import DayBudget
from core.settings import config
from core.stores import databases
from core.stores.databases import Store
from workers.reports import budget
from workers.reports.client import Answer, Question, Usage
from workers.reports.faults import OverBudget

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.integration.reports.spending"])
PRICED = "gpt-4o-mini"
QUESTION = Question(PRICED, "system", ("data",), "report_draft", {}, 10_000)
SECONDS_MAX = 120


class Spent(NamedTuple):
    """How many calls a worker made, how many were refused, and the most it ever saw spent and reserved together."""

    calls: int
    refused: int
    highest_usd: Decimal


def reserve(settings: config.Settings, report_id: int = 1, question: Question = QUESTION) -> int:
    return budget.reserve(
        settings, question, report_id=report_id, role="drafter", round_=0, attempt=1, prompt_version="drafter-test"
    )


def day() -> DayBudget:
    with databases.read(Store.HOT) as session:
        return session.scalars(select(DayBudget)).one()


def connect() -> None:
    """Open the connections that spending takes. Twenty at once may take longer than a page would wait for one."""
    until = time.monotonic() + SECONDS_MAX
    while True:
        try:
            with databases.write() as session, databases.read(Store.HOT) as reader:
                reader.execute(select(1))
                session.execute(select(1))
            return
        except OperationalError:
            if time.monotonic() > until:
                raise


def spend(environment: Mapping[str, str], number: int, times: int, gate: Any, told: Any) -> None:
    settings = config.load(environment)
    databases.configure(settings)
    made, refused, highest = 0, 0, Decimal(0)
    connect()
    gate.wait(SECONDS_MAX)
    for _ in range(times):
        try:
            call_id = reserve(settings, report_id=number)
        except OverBudget:
            refused += 1
            continue
        made += 1
        now = day()
        highest = max(highest, now.reserved_usd + now.spent_usd)
        budget.settle(settings, call_id, Answer("{}", False, PRICED, "stop", Usage(50, 0, 9_000, 0)))
    told.put(Spent(made, refused, highest))


def spend_together(environment: Mapping[str, str], *, workers: int, times: int) -> list[Spent]:
    """So many workers, each calling so many times, all at once."""
    gate, told = _context.Barrier(workers), _context.Queue()
    processes = [
        _context.Process(target=spend, args=(dict(environment), number, times, gate, told), daemon=True)
        for number in range(1, workers + 1)
    ]
    for process in processes:
        process.start()
    found = [told.get(timeout=SECONDS_MAX) for _ in processes]
    for process in processes:
        process.join()
    return found
