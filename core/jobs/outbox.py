"""The outbox and its way to RQ: a job is the number of an outbox message, and nothing else of it is believed.

A portal decides on a job in its transaction and rings; the scheduler, which alone may write to queues with the workers,
sends what is due.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from redis import Redis, RedisError
from rq import Queue, Worker
from rq.exceptions import DuplicateJobError
from rq.serializers import JSONSerializer
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.jobs import tasks
from core.models import OutboxMessage, utc_now
from core.stores import databases

log = logging.getLogger(__name__)

BELL = "bell"
# The one function that RQ is told to call.
PERFORM = "workers.run.perform"
JOB_TIMEOUT_SECONDS = 900
RESULT_TTL_SECONDS = 60
REDELIVER_AFTER = timedelta(seconds=60)
RETRY_FIRST, RETRY_LONGEST = timedelta(seconds=5), timedelta(minutes=15)


class NotNow(Exception):
    """Raised by a task that can't run yet, for instance because another worker is at it; it is tried again later."""


def connection() -> Redis:
    """A Redis connection that fails soon: Redis is transport, never worth waiting for."""
    url = databases.current().settings.redis_url
    return Redis.from_url(url, socket_connect_timeout=1.0, socket_timeout=5.0)


def worker_connection() -> Redis:
    """A Redis connection for a worker, which blocks on its queues for minutes."""
    return Redis.from_url(databases.current().settings.redis_url, socket_connect_timeout=2.0)


def add(session: Session, task: str, *, delay: timedelta = timedelta(), **arguments: int | str) -> int:
    """Decide on a job in the caller's transaction; it is sent after the commit. Returns the message's id.

    Raises NoSuchTask for what is not in the list of tasks.
    """
    queue = tasks.check(task, arguments).queue
    message = OutboxMessage(queue=queue, task=task, arguments=arguments, due_at=utc_now() + delay)
    session.add(message)
    session.flush()
    return message.id


def waiting(session: Session, task: str) -> dict[int, dict[str, Any]]:
    """The arguments of every message of a task that has not run yet, by its id."""
    query = select(OutboxMessage).where(OutboxMessage.done_at.is_(None), OutboxMessage.task == task)
    return {message.id: arguments_of(message) for message in session.scalars(query.order_by(OutboxMessage.id))}


def ring() -> None:
    """Say that a job was decided on, after the commit. Redis being down is no error: the scheduler looks by itself."""
    try:
        with connection().pipeline() as pipe:
            pipe.lpush(BELL, 1)
            pipe.ltrim(BELL, 0, 0)
            pipe.execute()
    except RedisError as fault:
        log.warning("nobody was rung, the job waits for the scheduler: %s", type(fault).__name__)


def wait_for_ring(redis: Redis, seconds: float) -> bool:
    """Wait until somebody rings, at most so long. Raises RedisError."""
    return redis.blpop([BELL], timeout=seconds) is not None


def relay(limit: int = 200) -> int:
    """Send every due message that is not sent, or was sent and has not run. Safe to call from anywhere, at any time.

    Redis being down is no error: the scheduler relays again. Returns the messages sent.
    """
    try:
        redis = connection()
        redis.ping()
    except RedisError as fault:
        log.warning("queue unreachable, jobs wait in the outbox: %s", type(fault).__name__)
        return 0
    sent = 0
    with databases.write() as session:
        for message in _due(session, limit):
            _send(redis, message)
            message.enqueued_at, message.enqueues = utc_now(), message.enqueues + 1
            sent += 1
    return sent


def _due(session: Session, limit: int) -> list[OutboxMessage]:
    now = utc_now()
    unsent = OutboxMessage.enqueued_at.is_(None) | (OutboxMessage.enqueued_at < now - REDELIVER_AFTER)
    query = select(OutboxMessage).where(OutboxMessage.done_at.is_(None), OutboxMessage.due_at <= now, unsent)
    return list(session.scalars(query.order_by(OutboxMessage.id).limit(limit).with_for_update(skip_locked=True)))


def _send(redis: Redis, message: OutboxMessage) -> None:
    # The task says where it is done: a queue that nobody works on would keep a message for ever.
    known = tasks.TASKS.get(message.task)
    queue = Queue(known.queue if known else message.queue, connection=redis, serializer=JSONSerializer)
    try:
        queue.enqueue_call(
            PERFORM,
            args=(message.id,),
            job_id=f"outbox-{message.id}-{message.enqueues}",
            timeout=JOB_TIMEOUT_SECONDS,
            result_ttl=RESULT_TTL_SECONDS,
            failure_ttl=RESULT_TTL_SECONDS,
        )
    except DuplicateJobError:
        log.info("outbox message %s is already queued", message.id)


def take(session: Session, message_id: int) -> tuple[str, dict[str, Any]] | None:
    """The task and arguments of a message that has not run, or None."""
    message = session.get(OutboxMessage, message_id)
    if message is None or message.done_at is not None:
        return None
    return message.task, arguments_of(message)


def arguments_of(message: OutboxMessage) -> dict[str, Any]:
    """By name; none of what is no object, which no task takes."""
    return dict(message.arguments) if isinstance(message.arguments, dict) else {}


def finish(session: Session, message_id: int) -> None:
    """The message's job has run."""
    session.execute(update(OutboxMessage).where(OutboxMessage.id == message_id).values(done_at=utc_now()))


def postpone(session: Session, message_id: int) -> None:
    """The message's job could not run; it is due again later, each time after a longer pause."""
    message = session.get(OutboxMessage, message_id)
    if message is not None and message.done_at is None:
        message.due_at = utc_now() + min(RETRY_FIRST * 2 ** min(message.enqueues, 10), RETRY_LONGEST)
        message.enqueued_at = None


def is_listened_to(queue: str) -> bool:
    """Whether a worker is listening to the queue now."""
    try:
        return Worker.count(connection=connection(), queue=Queue(queue, connection=connection())) > 0
    except RedisError:
        return False
