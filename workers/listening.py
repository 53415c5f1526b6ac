"""RQ workers: they listen on queues, and count what comes of each job."""

from __future__ import annotations

import time
from collections.abc import Sequence

from redis import RedisError
from rq import Queue, Worker
from rq.exceptions import InvalidJobOperation
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from core.jobs import outbox, tasks
from core.metrics import counters, exposed
from core.stores import databases
from workers.rung import RungJob


class CountedWorker(Worker):
    """Counts its jobs from outside: each runs in a process of its own, which may be ended before it has counted."""

    def execute_job(self, job: Job, queue: Queue) -> None:
        began = time.monotonic()
        try:
            super().execute_job(job, queue)
        finally:
            counters.job(queue.name, _outcome(job), time.monotonic() - began)


def _outcome(job: Job) -> str:
    try:
        return "failed" if job.get_status() == JobStatus.FAILED else "done"
    except (RedisError, InvalidJobOperation):
        return "unknown"


def work(queues: Sequence[str]) -> None:
    """Take jobs from the queues until told to stop, the most urgent first. Each job runs in a process of its own."""
    address = databases.current().settings.metrics_address
    if address:
        exposed.share_with_jobs()
    redis = outbox.worker_connection()
    by_urgency = sorted(queues, key=tasks.QUEUES.index)
    listened = [Queue(name, connection=redis, serializer=JSONSerializer) for name in by_urgency]
    databases.current().dispose()
    if address:
        exposed.serve(address)
    worker = CountedWorker(
        listened, connection=redis, serializer=JSONSerializer, job_class=RungJob, log_job_description=False
    )
    try:
        worker.work(logging_level="WARNING")
    finally:
        exposed.end_sharing()
