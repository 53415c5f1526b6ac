"""Heavy reads: reports, exports, an agent's evidence. They wait for the replica, and never read the primary."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core.metrics import counters
from core.stores import databases, freshness
from core.stores.databases import Store
from core.stores.freshness import ReplicaBehind
from core.stores.routing import Cause

__all__ = ["PAGE_SECONDS", "ReplicaBehind", "await_replica", "read"]

# Someone is looking: a page soon says that the replica is behind, and what runs by itself waits.
PAGE_SECONDS = 2.0


@contextmanager
def read(wait_seconds: float | None = None) -> Iterator[Session]:
    """A snapshot on the replica that has everything that was committed before this call.

    Waits for the replica for `wait_seconds`, or STRATA_REPLICA_WAIT_SECONDS. Raises ReplicaBehind.
    """
    await_replica(wait_seconds)
    counters.read(Store.REPLICA, Cause.HEAVY)
    with databases.read(Store.REPLICA) as session:
        yield session


def await_replica(wait_seconds: float | None = None) -> None:
    """Wait until the replica has replayed what the primary has written by now. Raises ReplicaBehind."""
    try:
        written: int | None = freshness.primary_position()
    except SQLAlchemyError:
        written = None
    freshness.wait_for_replica(written, wait_seconds)
