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
# The longest position of either engine: padded to it, positions sort as their words do.
DIGITS = 20
HOUR_SECONDS = 3_600


@dataclass(frozen=True)
class Positions:
    """Each account's position, in Redis, under the name of its portal: no portal can change another's.

    Plain commands alone, so that no process' Redis user may run scripts.
    """

    redis: Redis
    portal: str

    def needed(self, account_id: int) -> int | None:
        """The position that this account must see: 0 if the account never wrote, None if Redis can't tell."""
        try:
            # In one transaction: a restart between them would pair one run's floor with what another run has lost.
            with self.redis.pipeline() as pipe:
                pipe.info("server")
                pipe.get(self._floor_key)
                pipe.zrange(self._key(account_id), -1, -1)
                server, floor, known = pipe.execute()
            return max(self._floor(server["run_id"], _text(floor)), *(int(one) for one in known), 0)
        except (RedisError, SQLAlchemyError, ValueError, KeyError):
            return None

    def _floor(self, run: str, kept: str) -> int:
        """Redis may lose positions when it restarts: no lost one can be above the floor that each of its runs gets."""
        of_run, _, floor = kept.partition(" ")
        if of_run == run:
            return int(floor)
        position = primary_position()
        self.redis.set(self._floor_key, f"{run} {position}")
        return position

    def raise_to(self, account_id: int, position: int) -> bool:
        """Note that the account has seen `position`; False if Redis does not answer. A position never falls."""
        key = self._key(account_id)
        try:
            with self.redis.pipeline() as pipe:
                # A set in the order of words keeps the highest, however many processes raise at once.
                pipe.zadd(key, {f"{position:0{DIGITS}}": 0})
                pipe.zremrangebyrank(key, 0, -2)
                # A replica that lacks older writes than are kept is far beyond the lag at which pages leave it.
                pipe.expire(key, databases.current().settings.position_keep_hours * HOUR_SECONDS)
                pipe.execute()
        except RedisError:
            return False
        return True

    def _key(self, account_id: int) -> str:
        return f"position:{self.portal}:{account_id}"

    @property
    def _floor_key(self) -> str:
        return f"position:{self.portal}:floor"


def _text(kept: str | bytes | None) -> str:
    """What Redis keeps under a key, whether its client decodes or not; nothing is the empty text."""
    return kept.decode(errors="replace") if isinstance(kept, bytes) else kept or ""


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
