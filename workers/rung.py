"""What a worker believes of a job in Redis: at most the number of an outbox message to look at.

Whoever may write to a queue could name any function there, any callback and any address to call. Nothing of that is
read: a job that is not a message's number is refused, and nothing that it names is imported.
"""

from __future__ import annotations

import json
import logging
import zlib
from collections.abc import Mapping
from typing import Any

from rq.exceptions import NoSuchJobError
from rq.job import Job

from core.jobs.outbox import PERFORM
from workers.run import perform

log = logging.getLogger(__name__)

REFUSED = "refused"
# What RQ keeps its books by. Left out: callbacks, webhooks, dependencies, repeats, retries, results, meta.
BOOKS = frozenset(
    {
        "created_at", "enqueued_at", "started_at", "ended_at", "last_heartbeat", "origin", "status", "timeout",
        "result_ttl", "failure_ttl", "worker_name",
    }
)  # fmt: skip
DATA_BYTES_MAX = 1_000


class Refused(Exception):
    """The job is not the number of an outbox message."""


class RungJob(Job):
    """A job that does one thing: `perform` an outbox message."""

    def restore(self, raw_data: Mapping[bytes, bytes]) -> None:
        said = {name.decode(errors="replace"): value for name, value in raw_data.items()}
        kept: dict[str, Any] = {name: value for name, value in said.items() if name in BOOKS}
        message_id = message_of(said.get("data", b""))
        called: list[Any] = [REFUSED, None, [], {}] if message_id is None else [PERFORM, None, [message_id], {}]
        try:
            super().restore({**kept, "data": json.dumps(called).encode()})
        except (ValueError, ArithmeticError) as fault:
            raise NoSuchJobError(f"not a job: {type(fault).__name__}") from None

    def _execute(self) -> Any:
        if self.func_name != PERFORM:
            log.error("a job of queue %r is no outbox message's number: refused", self.origin)
            raise Refused("not an outbox message's number")
        return perform(*self.args)


def message_of(data: bytes) -> int | None:
    """The message's number that a job's data say, packed or not; None if they say anything else."""
    try:
        unpacked = zlib.decompressobj().decompress(data, DATA_BYTES_MAX)
    except zlib.error:
        unpacked = data
    try:
        match json.loads(unpacked[:DATA_BYTES_MAX]):
            case [str() as name, None, [int() as number], dict() as named] if name == PERFORM and not named:
                return None if isinstance(number, bool) else number
    except (ValueError, RecursionError):
        return None
    return None
