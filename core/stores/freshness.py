"""How far each account has written and read, and the wait until the replica is that far.

Positions are positions in the primary's log. Redis keeps each account's position, which only rises. While Redis can't
tell it, the account reads the primary.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from redis import Redis, RedisError
from sqlalchemy.exc import SQLAlchemyError

from core.stores import databases
from core.stores.replica_watch import replica_probe, watch
from core.stores.routing import ReadKind, choose

POLL_SECONDS = 0.05
# A healthy replica has the newest write within milliseconds. After half a second, ask a slow one less often.
EAGER_SECONDS, EAGER_POLL_SECONDS = 0.5, 0.01
FLOORS = "positions:floors"
# Redis may lose positions when it restarts. Each run of Redis gets a floor: no lost position can be above it.
READ = """
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
return {redis.call('GET', KEYS[1]) or '0', redis.call('HGET', KEYS[2], run) or '', run}
"""
SET_FLOOR = """
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
end
return redis.call('HGET', KEYS[1], ARGV[1])
"""
RAISE_ONLY = """
local known = redis.call('GET', KEYS[1]) or '0'
redis.call('SET', KEYS[1], tonumber(ARGV[1]) > tonumber(known) and ARGV[1] or known, 'EX', ARGV[2])
return 1
"""
HOUR_SECONDS = 3_600


@dataclass(frozen=True)
class Positions:
    """Each account's position, in Redis."""

    redis: Redis

    def needed(self, account_id: int) -> int | None:
        """The position that this account must see: 0 if the account never wrote, None if Redis can't tell."""
        try:
            known, floor, run = self.redis.eval(READ, 2, self._key(account_id), FLOORS)
            return max(int(known), int(floor) if floor else self._set_floor(run))
        except (RedisError, SQLAlchemyError, ValueError):
            return None

    def _set_floor(self, run: str) -> int:
        return int(self.redis.eval(SET_FLOOR, 1, FLOORS, run, str(primary_position())))

    def raise_to(self, account_id: int, position: int) -> bool:
        """Note that the account has seen `position`; False if Redis does not answer."""
        try:
            # A replica that lacks older writes than are kept is far beyond the lag at which pages leave it.
            seconds = databases.current().settings.position_keep_hours * HOUR_SECONDS
            self.redis.eval(RAISE_ONLY, 1, self._key(account_id), str(position), str(seconds))
        except RedisError:
            return False
        return True

    @staticmethod
    def _key(account_id: int) -> str:
        return f"position:{account_id}"


class ReplicaBehind(Exception):
    """The replica did not catch up in time, or does not answer. Nothing was read. The message says why."""


def primary_position() -> int:
    """The primary's log position now."""
    with databases.write_at_once() as connection:
        return databases.current().adapter.replication.write_position(connection)


def wait_for_replica(position: int | None, seconds: float | None = None) -> None:
    """Wait until the replica has replayed `position`: for heavy reads, which never go to the primary.

    Raises ReplicaBehind after `seconds` (the setting STRATA_REPLICA_WAIT_SECONDS, unless given).
    """
    settings = databases.current().settings
    limit = settings.replica_wait_seconds if seconds is None else seconds
    began = time.monotonic()
    until = began + limit
    while True:
        decision = choose(
            ReadKind.HEAVY,
            needs=position,
            replica=watch.state(),
            lag_bound_seconds=settings.replica_lag_bound_seconds,
        )
        if not decision.wait:
            return
        if time.monotonic() > until:
            raise ReplicaBehind(f"{decision.reason}: waited {limit:.0f} s for it")
        if time.monotonic() - began < EAGER_SECONDS:
            time.sleep(EAGER_POLL_SECONDS)
            replica_probe.refresh()
        else:
            time.sleep(POLL_SECONDS)
