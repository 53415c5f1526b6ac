"""Every task that a worker does: its name, its queue, what it is given, and which processes may ask for it.

A worker runs nothing else, whatever stands in Redis or in the outbox.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# The most urgent first: a worker of several takes them in this order.
QUEUES = ("ops", "reports", "archive")

STAFF, WORKER, ARCHIVER = "staff", "worker", "archiver"


class NoSuchTask(ValueError):
    """No task of that name takes these arguments."""


@dataclass(frozen=True)
class Task:
    """A function of the workers', by its full name. `asked_by` are kinds of process; commands may ask for all."""

    name: str
    queue: str
    asked_by: frozenset[str]
    arguments: Mapping[str, type] = field(default_factory=dict)


def _task(queue: str, name: str, *asked_by: str, **arguments: type) -> Task:
    return Task(f"workers.{name}", queue, frozenset(asked_by), arguments)


_LIST = (
    _task("reports", "reports.jobs.draft_report", STAFF, WORKER, report_id=int),
    _task("reports", "reports.jobs.check_edits", STAFF, report_id=int),
    _task("reports", "reports.jobs.resume_reports", WORKER),
    _task("archive", "archive.driver.drive", STAFF, ARCHIVER, run_id=int),
    _task("archive", "archive.driver.resume_runs", WORKER),
    _task("archive", "archive.driver.sweep", WORKER, record_type=str),
    _task("archive", "archive.purge.purge_restored", WORKER),
    _task("archive", "archive.expire.expire_staged", WORKER),
    _task("archive", "stale_pictures.rebuild_stale", WORKER),
    _task("archive", "archive.erase.erase", STAFF, erasure_id=int),
    # The reports' and ops' workers only read medicines.
    _task("archive", "end_courses.end_courses", WORKER),
    _task("ops", "alerts.evaluate", WORKER),
    _task("ops", "alerts.deliver", WORKER, alert_id=int, event=str),
    _task("ops", "audit_heads.keep", WORKER),
    _task("ops", "tidy.tidy", WORKER),
    _task("ops", "machines.sample", WORKER),
    _task("ops", "outliers.count", WORKER),
    _task("ops", "forgetting.forget_watched", WORKER),
    _task("archive", "forgetting.forget_moves", WORKER),
    # It asks the model endpoint for minutes, as reports do.
    _task("reports", "evaluate.evaluate", WORKER, suite=str),
)
TASKS: Mapping[str, Task] = {task.name: task for task in _LIST}


def check(name: str, arguments: Mapping[str, Any]) -> Task:
    """The task of this name, if it takes exactly these arguments. Raises NoSuchTask."""
    task = TASKS.get(name)
    if task is None:
        raise NoSuchTask(f"not a task of ours: {name!r}")
    # A bool is no number here.
    if {key: type(value) for key, value in arguments.items()} != dict(task.arguments):
        raise NoSuchTask(f"{name} does not take {', '.join(sorted(arguments)) or 'nothing'}")
    return task


def asked_by(kind: str) -> tuple[str, ...]:
    """The names of the tasks that a kind of process may ask for."""
    return tuple(task.name for task in _LIST if kind in task.asked_by)
