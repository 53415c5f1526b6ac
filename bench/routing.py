"""What choosing a store costs a read: the decision itself, and with the account's position asked of Redis."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from bench._environment import environment
from bench._spread import spread
from core.stores import databases, redis
from core.stores.freshness import Positions
from core.stores.replica_watch import watch
from core.stores.routing import ReadKind, choose

REPETITIONS = 7
DECISIONS = 20_000
ACCOUNT = 1
MICROSECONDS = 1_000_000


def run(scale: float, say: Callable[[str], None]) -> dict[str, Any]:
    """Microseconds a read; a page's read asks Redis once, a heavy one never."""
    many = max(100, round(DECISIONS * scale))
    with environment(say):
        positions = Positions(redis.client(), "public")
        positions.raise_to(ACCOUNT, 1)
        bound = databases.current().settings.replica_lag_bound_seconds

        def decide() -> None:
            choose(ReadKind.PAGE, needs=1, replica=watch.state(), lag_bound_seconds=bound)

        decisions = [_microseconds(decide, many) for _ in range(REPETITIONS)]
        asked = [_microseconds(lambda: positions.needed(ACCOUNT), many // 10) for _ in range(REPETITIONS)]
    return {
        "decision_microseconds": spread(decisions),
        "position_from_redis_microseconds": spread(asked),
        "decisions": many,
    }


def _microseconds(act: Callable[[], Any], times: int) -> float:
    began = time.perf_counter()
    for _ in range(times):
        act()
    return (time.perf_counter() - began) / times * MICROSECONDS
