"""What a job does: its outbox message is read back from the primary, and performed if it is undone."""

from __future__ import annotations

import importlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core import audit
from core.jobs import outbox, tasks
from core.jobs.safe_traceback import frames
from core.metrics import counters
from core.stores import databases

log = logging.getLogger(__name__)


class TaskFailed(Exception):
    """A task raised an exception; the message names the task and the kind of fault, and quotes no values."""


def load_tasks(queues: Sequence[str]) -> None:
    """Import the tasks of the queues: each job runs in a fork of this process, which else would import them anew."""
    for task in tasks.TASKS.values():
        if task.queue in queues:
            importlib.import_module(task.name.rpartition(".")[0])


def perform(message_id: int) -> str:
    """Run the task of one outbox message; says why if it does nothing. A task that raises is asked again later."""
    with databases.write() as session:
        taken = outbox.take(session, message_id)
    if taken is None:
        return "done before"
    name, arguments = taken
    try:
        outcome = _run(name, arguments)
    except Exception as fault:
        with databases.write() as session:
            outbox.postpone(session, message_id)
        if isinstance(fault, outbox.NotNow):
            return f"not now: {fault}"
        log.error("%s failed: %s", name, frames(fault))
        # RQ keeps in Redis, and logs, what is raised.
        raise TaskFailed(f"{name}: {type(fault).__name__}") from None
    with databases.write() as session:
        outbox.finish(session, message_id)
    outbox.relay()
    return str(outcome or "done")


def _run(name: str, arguments: Mapping[str, Any]) -> object:
    """Run a task of the list, as the kind of process that does its queue. Raises NoSuchTask, and what it raises."""
    task = tasks.check(name, arguments)
    module, _, function = task.name.rpartition(".")
    kind = audit.origin.set(audit.Origin(tasks.ARCHIVER if task.queue == "archive" else tasks.WORKER))
    began, outcome = time.monotonic(), "failed"
    try:
        run: Callable[..., object] = getattr(importlib.import_module(module), function)
        done = run(**arguments)
        outcome = "done"
        return done
    except outbox.NotNow:
        outcome = "not now"
        raise
    finally:
        audit.origin.reset(kind)
        counters.task(name, outcome, time.monotonic() - began)
