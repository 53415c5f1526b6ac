"""How the replica is judged: by the primary's positions, whatever it says of itself."""

from __future__ import annotations

import pytest

from core.engines.replication import ReplicaLook
from core.stores.probe import Answer
from core.stores.replica_watch import ReplicaWatch
from core.stores.routing import ReadKind, ReplicaState, choose


class World:
    """A primary and a replica that say what a test lets them say."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.written: int | None = 100
        self.replica: ReplicaLook | None = ReplicaLook(100, "first", 3_600.0)
        self.watch = ReplicaWatch(self._ask_replica, self._ask_primary, lambda: self.now)

    def _ask_replica(self) -> Answer[ReplicaLook] | None:
        return Answer(self.replica, self.now) if self.replica is not None else None

    def _ask_primary(self) -> Answer[int] | None:
        return Answer(self.written, self.now) if self.written is not None else None

    def replayed(self, position: int, incarnation: str = "first", age: float | None = None) -> None:
        self.replica = ReplicaLook(position, incarnation, age)


@pytest.fixture
def world() -> World:
    made = World()
    made.watch.state()
    return made


def test_a_replica_that_has_all_is_fresh_however_old_its_newest_commit(world: World) -> None:
    world.replayed(100, age=86_400.0)
    assert world.watch.state().lag_seconds == 0


def test_a_replica_whose_stream_is_dead_grows_stale_as_soon_as_the_primary_writes(world: World) -> None:
    world.now, world.written = 1_010.0, 101
    state = world.watch.state()
    assert state.answers
    assert state.lag_seconds == 10.0


def test_the_lag_is_no_more_than_the_age_of_the_newest_commit_it_has(world: World) -> None:
    world.now, world.written = 1_060.0, 500
    world.replayed(499, age=0.2)
    assert world.watch.state().lag_seconds == 0.2


def test_a_replica_that_never_had_all_has_no_known_bound() -> None:
    world = World()
    world.replayed(50)
    assert world.watch.state().lag_seconds == float("inf")


def test_a_silent_primary_leaves_the_last_bound_growing(world: World) -> None:
    world.now, world.written = 1_003.0, None
    assert world.watch.state().lag_seconds == 3.0


def test_a_replica_that_does_not_answer_is_out_of_use_until_it_has_all_again(world: World) -> None:
    world.replica = None
    assert not world.watch.state().answers
    world.written = 120
    world.replayed(119, age=0.0)
    assert not world.watch.state().is_settled
    world.replayed(120, age=0.0)
    assert world.watch.state().is_settled


def test_a_restart_that_nobody_saw_is_told_by_the_incarnation(world: World) -> None:
    world.written = 120
    world.replayed(110, "second", age=0.0)
    assert not world.watch.state().is_settled
    world.replayed(120, "second", age=0.0)
    assert world.watch.state().is_settled
    world.written = 130
    assert world.watch.state().is_settled, "falling behind is judged by lag and position, not by this"


def test_a_restarted_replica_is_not_trusted_while_the_primary_is_silent(world: World) -> None:
    world.written = None
    world.replayed(100, "second", age=0.0)
    assert not world.watch.state().is_settled


@pytest.mark.parametrize(
    ("replica", "said"),
    [
        (ReplicaState(answers=True, position=1, lag_seconds=42.0, is_settled=False), "the replica is 42.0 s behind"),
        (
            ReplicaState(answers=True, position=1, lag_seconds=float("inf"), is_settled=False),
            "it is not known how far the replica is behind",
        ),
        (
            ReplicaState(answers=True, position=1, lag_seconds=0.1, is_settled=False),
            "the replica has not been seen to have caught up",
        ),
    ],
)
def test_a_replica_that_lags_is_not_said_to_have_been_restarted(replica: ReplicaState, said: str) -> None:
    assert choose(ReadKind.PAGE, needs=1, replica=replica, lag_bound_seconds=5.0).reason == said
