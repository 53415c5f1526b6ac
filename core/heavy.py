"""Heavy reads: reports, exports, an agent's evidence. Always the replica, which they wait for; never the primary."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core import db, freshness, routing
from core.db import Store
from core.routing import ReadKind


class ReplicaBehind(Exception):
    """The replica did not catch up in time; the message says how it stands."""


@contextmanager
def read() -> Iterator[Session]:
    """A snapshot on the replica that holds all that was committed before this call.

    Waits up to `replica_wait_seconds`. Raises ReplicaBehind.
    """
    await_replica()
    with db.read(Store.REPLICA) as session:
        yield session


def await_replica() -> None:
    """Wait until the replica has replayed what the primary has written by now. Raises ReplicaBehind."""
    settings = db.databases().settings
    needs = _written()
    deadline = time.monotonic() + settings.replica_wait_seconds
    while True:
        decision = routing.choose(
            ReadKind.HEAVY,
            needs=needs,
            replica=freshness.watch.state(),
            lag_bound_seconds=settings.replica_lag_bound_seconds,
        )
        if not decision.wait:
            return
        if time.monotonic() >= deadline:
            raise ReplicaBehind(decision.reason)
        time.sleep(freshness.PROBE_SECONDS)


def _written() -> int | None:
    databases = db.databases()
    try:
        with databases.engine(Store.HOT, read_only=True).connect() as connection:
            return databases.adapter.write_position(connection)
    except SQLAlchemyError:
        return None
