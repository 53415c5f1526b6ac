"""What each account has written and seen, and what the replica has replayed.

Positions are the primary's log positions. An account's position only rises, and is kept in Redis; when Redis
can't tell, the account reads the primary.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass

from redis import Redis, RedisError
from sqlalchemy.exc import SQLAlchemyError

from core import db
from core.db import Store
from core.routing import ReplicaState

log = logging.getLogger(__name__)

PROBE_SECONDS = 0.25
RAISE_ONLY = """
local known = tonumber(redis.call('GET', KEYS[1]) or '0')
if tonumber(ARGV[1]) > known then redis.call('SET', KEYS[1], ARGV[1]) end
return 1
"""


class ReplicaWatch:
    """The replica's state, looked at no more often than every PROBE_SECONDS."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._state = ReplicaState(answers=False)
        self._looked_at = float("-inf")

    def state(self) -> ReplicaState:
        """The state as of at most PROBE_SECONDS ago."""
        with self._lock:
            if time.monotonic() - self._looked_at >= PROBE_SECONDS:
                self._state = self._look()
                self._looked_at = time.monotonic()
            return self._state

    def _look(self) -> ReplicaState:
        databases = db.databases()
        try:
            with databases.engine(Store.REPLICA, read_only=True).connect() as connection:
                return ReplicaState(
                    answers=True,
                    position=databases.adapter.replayed_position(connection),
                    lag_seconds=databases.adapter.replica_lag_seconds(connection),
                )
        except SQLAlchemyError as fault:
            log.warning("replica does not answer: %s", type(fault).__name__)
            return ReplicaState(answers=False)


watch = ReplicaWatch()


@dataclass(frozen=True)
class Positions:
    """Each account's position, in Redis."""

    redis: Redis

    def needed(self, account_id: int) -> int | None:
        """The position this account must see; 0 if it never wrote; None if it can't be told."""
        try:
            return int(self.redis.get(self._key(account_id)) or 0)
        except (RedisError, ValueError):
            return None

    def raise_to(self, account_id: int, position: int) -> bool:
        """Note that the account has seen `position`; False if Redis could not be told."""
        try:
            self.redis.eval(RAISE_ONLY, 1, self._key(account_id), str(position))
        except RedisError:
            return False
        return True

    @staticmethod
    def _key(account_id: int) -> str:
        return f"position:{account_id}"


class ReplicaBehind(Exception):
    """The replica did not catch up in time, or does not answer; the read was not done elsewhere."""


def primary_position() -> int:
    """The primary's log position now."""
    databases = db.databases()
    with databases.engine(Store.HOT, read_only=True).connect() as connection:
        return databases.adapter.write_position(connection)


def wait_for_replica(position: int, seconds: float | None = None) -> None:
    """Wait until the replica has replayed `position`: for heavy reads, which never go to the primary.

    Raises ReplicaBehind after `seconds` (the setting STRATA_REPLICA_WAIT_SECONDS, unless given).
    """
    limit = db.databases().settings.replica_wait_seconds if seconds is None else seconds
    until = time.monotonic() + limit
    while (state := watch.state()).position < position:
        if time.monotonic() > until:
            behind = "is behind" if state.answers else "does not answer"
            raise ReplicaBehind(f"the replica {behind}: waited {limit:.0f} s for it")
        time.sleep(PROBE_SECONDS / 5)
