"""RQ workers: every job is an outbox message, and is performed only if it has not run yet."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Sequence

from rq import Queue, Worker
from rq.serializers import JSONSerializer

from core.jobs import outbox
from core.jobs.safe_traceback import frames
from core.stores import databases

log = logging.getLogger(__name__)

TASKS_BELOW = "workers."


class TaskFailed(Exception):
    """A task raised an exception; the message names the task and the kind of fault, and quotes no values."""


def work(queues: Sequence[str]) -> None:
    """Take jobs from the queues, first named first, until told to stop. Each job runs in a process of its own."""
    redis = outbox.worker_connection()
    listened = [Queue(name, connection=redis, serializer=JSONSerializer) for name in queues]
    databases.current().dispose()
    Worker(listened, connection=redis, serializer=JSONSerializer, log_job_description=False).work(
        logging_level="WARNING"
    )


def perform(message_id: int) -> str:
    """Run the task of one outbox message; says why if it does nothing. A task that raises is asked again later."""
    with databases.write() as session:
        taken = outbox.take(session, message_id)
    if taken is None:
        return "done before"
    task, arguments = taken
    try:
        outcome = _task(task)(**arguments)
    except Exception as fault:
        with databases.write() as session:
            outbox.postpone(session, message_id)
        if isinstance(fault, outbox.NotNow):
            return f"not now: {fault}"
        log.error("%s failed: %s", task, frames(fault))
        # RQ logs what is raised and keeps it in Redis: the fault itself may quote a record.
        raise TaskFailed(f"{task}: {type(fault).__name__}") from None
    with databases.write() as session:
        outbox.finish(session, message_id)
    outbox.relay()
    return str(outcome or "done")


def _task(name: str) -> Callable[..., object]:
    if not name.startswith(TASKS_BELOW):
        raise ValueError(f"not a task of ours: {name}")
    module, _, function = name.rpartition(".")
    task: Callable[..., object] = getattr(importlib.import_module(module), function)
    return task
