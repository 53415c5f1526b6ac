"""A modelled primary, standby and Redis on a clock of their own, under the real routing of pages.

Positions are numbers of commits, or, as on SQL Server, counted by commits of their own. The standby replays each
commit a while after it was made, may be paused, killed, started again at an earlier position, or rebuilt; Redis may be
away, or come back without what it knew.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from redis.exceptions import ConnectionError as RedisDown

from core.engines.replication import ReplicaLook
from core.stores import freshness
from core.stores.databases import Store
from core.stores.probe import ANSWER_SECONDS, PROBE_SECONDS, Answer
from core.stores.replica_watch import ReplicaWatch


@dataclass
class Clock:
    now: float = 1_000_000.0


COUNTER = "the counter"
NOTED_SECONDS = 1.0


@dataclass
class Primary:
    """Every commit: when, and what it wrote to which key; `raised` are those that raised the counter."""

    clock: Clock
    counts: bool = False
    raised: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    writes: list[tuple[str, int]] = field(default_factory=list)

    @property
    def position(self) -> int:
        return len(self.times)

    def write(self, key: str) -> int:
        """The key's new version, which is the commit's position."""
        self.times.append(self.clock.now)
        self.writes.append((key, self.position))
        return self.position

    def told(self, commits: int) -> int:
        """The position as it reads after so many commits."""
        return bisect.bisect_right(self.raised, commits) if self.counts else commits

    def told_at(self, commits: int) -> float | None:
        """When the commit was made that the position after so many tells of."""
        told = self.told(commits)
        return self.times[(self.raised[told - 1] if self.counts else told) - 1] if told else None

    def write_position(self) -> int:
        if self.counts:
            self.write(COUNTER)
            self.raised.append(self.position)
        return self.told(self.position)

    def noted_position(self) -> int:
        at = self.told_at(self.position)
        return self.write_position() if at is None or at < self.clock.now - NOTED_SECONDS else self.told(self.position)

    def seen_position(self) -> int:
        return self.told(self.position) + self.counts

    def read(self, key: str, upto: int | None = None) -> int:
        """The key's version in the first `upto` commits; 0 if it was never written."""
        seen = self.writes[: self.position if upto is None else upto]
        return next((version for name, version in reversed(seen) if name == key), 0)


@dataclass
class Standby:
    """Follows the primary `delay` seconds behind."""

    clock: Clock
    primary: Primary
    delay: float
    is_up: bool = True
    is_paused: bool = False
    incarnation: int = 1
    _replayed: int = 0

    @property
    def position(self) -> int:
        if self.is_up and not self.is_paused:
            due = bisect.bisect_right(self.primary.times, self.clock.now - self.delay)
            self._replayed = max(self._replayed, due)
        return self._replayed

    def kill(self) -> None:
        self._replayed, self.is_up = self.position, False

    def start(self, lost: int = 0) -> None:
        """Begin again, so many commits before where it was."""
        if not self.is_up:
            self._replayed = max(0, self._replayed - lost)
            self.is_up, self.incarnation = True, self.incarnation + 1

    def rebuild(self) -> None:
        self._replayed = self.primary.position
        self.is_up, self.is_paused, self.incarnation = True, False, self.incarnation + 1

    def look(self) -> ReplicaLook | None:
        if not self.is_up:
            return None
        position = self.position
        at = self.primary.told_at(position)
        age = self.clock.now - at if at is not None else None
        return ReplicaLook(self.primary.told(position), str(self.incarnation), age)


class ModelledRedis:
    """Understands the commands of `core.stores.freshness`, and nothing else; a pipeline is one transaction."""

    def __init__(self) -> None:
        self.is_up = True
        self.run = 1
        self.values: dict[str, Any] = {}
        self._asked: list[Any] = []

    def restart(self, lost: set[str]) -> None:
        self.run += 1
        self.is_up = True
        self.values = {key: value for key, value in self.values.items() if key not in lost}

    @contextmanager
    def pipeline(self) -> Iterator[ModelledRedis]:
        self._asked = []
        yield self

    def execute(self) -> list[Any]:
        self._check()
        return list(self._asked)

    def set(self, key: str, value: str) -> None:
        self._check()
        self.values[key] = value

    def info(self, _section: str) -> None:
        self._asked.append({"run_id": str(self.run)})

    def get(self, key: str) -> None:
        self._asked.append(self.values.get(key))

    def zrange(self, key: str, first: int, last: int) -> None:
        assert (first, last) == (-1, -1)
        self._asked.append(self.values.get(key, [])[-1:])

    def zadd(self, key: str, scores: dict[str, float]) -> None:
        self._check()
        assert set(scores.values()) == {0}
        self.values[key] = sorted({*self.values.get(key, []), *scores})

    def zremrangebyrank(self, key: str, first: int, last: int) -> None:
        assert (first, last) == (0, -2)
        self.values[key] = self.values[key][-1:]

    def expire(self, _key: str, seconds: int) -> None:
        assert seconds > 0

    def _check(self) -> None:
        if not self.is_up:
            raise RedisDown


class Process:
    """One portal process: what it last saw of the servers, and connections of its own."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.watch = ReplicaWatch(self._ask_replica, self._ask_primary, lambda: world.clock.now)
        self._replica: Answer[ReplicaLook] | None = None
        self._asked_replica = self._asked_primary = float("-inf")
        self._primary: Answer[int] | None = None

    def _ask_replica(self) -> Answer[ReplicaLook] | None:
        now = self.world.clock.now
        if now - self._asked_replica >= PROBE_SECONDS:
            look = self.world.standby.look()
            self._replica = Answer(look, now) if look is not None else None
            self._asked_replica = now
            if look is None:
                self.world.clock.now += ANSWER_SECONDS
        return self._replica

    def _ask_primary(self) -> Answer[int] | None:
        now = self.world.clock.now
        if now - self._asked_primary >= PROBE_SECONDS:
            self._primary, self._asked_primary = Answer(self.world.primary.noted_position(), now), now
        return self._primary


class World:
    """Everything of one history."""

    def __init__(self, delay: float, processes: int = 2, *, counts: bool = False) -> None:
        self.clock = Clock()
        self.primary = Primary(self.clock, counts)
        self.standby = Standby(self.clock, self.primary, delay)
        self.redis = ModelledRedis()
        self.processes = [Process(self) for _ in range(processes)]

    def databases(self) -> Any:
        settings = SimpleNamespace(replica_lag_bound_seconds=5.0, spill_reads_max=8, position_keep_hours=24)
        replication = SimpleNamespace(seen_position=lambda _connection: self.primary.seen_position())
        return SimpleNamespace(settings=settings, adapter=SimpleNamespace(replication=replication))

    def session(self, store: Store) -> Any:
        """A snapshot: `read(key)` gives a version."""
        upto = self.primary.position if store is Store.HOT else self.standby.position
        return SimpleNamespace(
            info={}, connection=lambda: None, read=lambda key: self.primary.read(key, upto), position=upto
        )


@contextmanager
def routed(world: World, process: Process, patch: Any) -> Iterator[None]:
    """Let `core.page_reads` run in this process of this world, for a `with` block."""
    from core.stores import page_reads

    def connect_replica(_stack: Any, judged: Any) -> Any:
        if not world.standby.is_up:
            raise page_reads.PrimarySilent
        if judged is not None and judged.incarnation != str(world.standby.incarnation):
            raise page_reads.Reincarnated
        return world.session(Store.REPLICA)

    with patch.context() as patched:
        patched.setattr(page_reads, "databases", SimpleNamespace(current=world.databases))
        patched.setattr(page_reads, "watch", process.watch)
        patched.setattr(page_reads, "connect_hot", lambda _stack: world.session(Store.HOT))
        patched.setattr(page_reads, "connect_replica", connect_replica)
        patched.setattr(freshness, "databases", SimpleNamespace(current=world.databases))
        patched.setattr(freshness, "primary_position", world.primary.write_position)
        yield
