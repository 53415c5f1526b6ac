"""Generated histories of accounts that write and read pages, and what they may never see."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from core.stores.freshness import Positions
from core.stores.page_reads import Reader, page_read
from tests.integration.freshness.modelled import World

DELAYS = (0.0, 2.0, 90.0)
PAUSES = (0.0, 0.001, 0.05, 0.3, 1.0, 6.0, 120.0)
# Between two raises of a counted position, and again between their replays.
CLOSE_DELAYS, CLOSE_PAUSES = (2.0,), (0.0, 0.1, 0.3, 0.6, 1.5)
KEYS = ("name", "phone")
ACCOUNTS, DEVICES = 3, 2
LAG_BOUND_SECONDS, LOOK_SECONDS = 5.0, 1.0


@dataclass
class Seen:
    """What accounts wrote and saw, and so must go on seeing; `faults` are violations."""

    least: dict[tuple[int, str], int] = field(default_factory=lambda: defaultdict(int))
    faults: list[str] = field(default_factory=list)
    reads: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def wrote(self, account: int, key: str, version: int) -> None:
        self.least[account, key] = max(self.least[account, key], version)

    def saw(self, account: int, key: str, version: int, store: str) -> None:
        self.reads[store] += 1
        if version < self.least[account, key]:
            self.faults.append(
                f"account {account} saw {key} at {version} on the {store} after {self.least[account, key]}"
            )
        self.least[account, key] = max(self.least[account, key], version)


class History:
    """One seed's history in a modelled world."""

    def __init__(self, seed: int, steps: int, *, counts: bool = False, is_close: bool = False) -> None:
        self.chance = random.Random(seed)
        self.steps = steps
        self.pauses = CLOSE_PAUSES if is_close else PAUSES
        self.world = World(self.chance.choice(CLOSE_DELAYS if is_close else DELAYS), counts=counts)
        self.seen = Seen()
        self.cookies: dict[tuple[int, int], int] = defaultdict(int)

    def run(self, as_process: Callable[..., object], patch: object) -> Seen:
        """Play it. `as_process(world, process, patch)` routes a block's pages as that process does."""
        acts = [self.write, *[self.read] * 4, self.others_write, self.break_something]
        for _ in range(self.steps):
            self.world.clock.now += self.chance.choice(self.pauses) * self.chance.random()
            process = self.chance.choice(self.world.processes)
            with as_process(self.world, process, patch):  # type: ignore[attr-defined]
                self.chance.choice(acts)()
        return self.seen

    def who(self) -> tuple[int, int]:
        return self.chance.randrange(ACCOUNTS), self.chance.randrange(DEVICES)

    def write(self) -> None:
        account, device = self.who()
        key = self.chance.choice(KEYS)
        version = self.world.primary.write(key)
        position = self.world.primary.write_position()
        self.cookies[account, device] = max(self.cookies[account, device], position)
        Positions(self.world.redis, "public").raise_to(account, position)  # type: ignore[arg-type]
        self.seen.wrote(account, key, version)

    def others_write(self) -> None:
        self.world.primary.write(self.chance.choice(KEYS))

    def read(self) -> None:
        account, device = self.who()
        key = self.chance.choice(KEYS)
        reader = Reader(account, self.cookies[account, device])
        with page_read(Positions(self.world.redis, "public"), reader) as session:  # type: ignore[arg-type]
            version = session.read(key)  # type: ignore[attr-defined]
        self.cookies[account, device] = max(self.cookies[account, device], session.info.get("position", 0))
        self.seen.saw(account, key, version, session.info["store"])
        self.check_lag(session.position, session.info["store"])  # type: ignore[attr-defined]

    def check_lag(self, position: int, store: str) -> None:
        unseen = self.world.primary.times[position:]
        if unseen and self.world.clock.now - unseen[0] > LAG_BOUND_SECONDS + LOOK_SECONDS:
            self.seen.faults.append(f"the {store} was {self.world.clock.now - unseen[0]:.1f} s behind")

    def break_something(self) -> None:
        standby, redis = self.world.standby, self.world.redis
        lost = {key for key in redis.values if self.chance.random() < 0.5}
        self.chance.choice(
            [
                standby.kill,
                lambda: standby.start(self.chance.randrange(4)),
                lambda: (standby.kill(), standby.start(self.chance.randrange(4))),
                standby.rebuild,
                lambda: setattr(standby, "is_paused", True),
                lambda: setattr(standby, "is_paused", False),
                lambda: setattr(redis, "is_up", False),
                lambda: redis.restart(lost),
            ]
        )()
