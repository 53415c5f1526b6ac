"""The tuner finds the size that moves most rows a second under its limit, and settles within ten batches."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from random import Random

import pytest

from workers.archive.tuning import AIM, ROOTS_MAX, ROOTS_MIN, Moved, choose

ROWS_OF_A_ROOT = 7
LONGEST_SHARE = 0.35
BATCHES, SETTLED_AFTER = 40, 10

Cost = Callable[[int], float]
# Seconds of all steps of a batch with so many roots.
COSTS: dict[str, Cost] = {
    "a fixed cost a batch": lambda roots: 0.3 + roots / 6_000,
    "a large fixed cost": lambda roots: 2.0 + roots / 20_000,
    "scattered pages": lambda roots: 0.3 + roots / 400,
    "no fixed cost": lambda roots: roots / 6_000,
    "memory that ends at 10,000": lambda roots: 0.3 + roots / 6_000 + max(0, roots - 10_000) / 900,
    "slow at any size": lambda roots: 20.0 + roots / 50,
}
LIMITS = (1.0, 10.0)


def sizes(cost: Cost, limit: float, noise: float = 0.0, seed: int = 1) -> list[int]:
    """The sizes of the batches of a run that begins with 2,000 roots."""
    rng, moved, chosen = Random(seed), [], [2_000]
    for _ in range(BATCHES):
        seconds = cost(chosen[-1]) * (1 + noise * rng.uniform(-1, 1))
        moved.append(Moved(chosen[-1], seconds * LONGEST_SHARE, seconds, chosen[-1] * ROWS_OF_A_ROOT))
        chosen.append(choose(moved, limit).roots)
    return chosen


def rate(cost: Cost, roots: int) -> float:
    return roots / cost(roots)


def best(cost: Cost, limit: float) -> float:
    """The best rate of any size whose longest step keeps within the limit; the smallest size's if none does."""
    possible = [n for n in range(ROOTS_MIN, ROOTS_MAX + 1, 50) if cost(n) * LONGEST_SHARE <= limit]
    return max((rate(cost, n) for n in possible), default=rate(cost, ROOTS_MIN))


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("name", list(COSTS))
def test_it_settles_within_ten_batches_near_the_best(name: str, limit: float) -> None:
    cost = COSTS[name]
    chosen = sizes(cost, limit)
    assert len(set(chosen[SETTLED_AFTER:])) == 1
    assert rate(cost, chosen[-1]) >= 0.9 * best(cost, AIM * limit)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("name", list(COSTS))
def test_chance_does_not_make_it_wander(name: str, seed: int) -> None:
    cost = COSTS[name]
    chosen = sizes(cost, 10.0, noise=0.1, seed=seed)
    settled = chosen[SETTLED_AFTER:]
    changes = sum(one != other for one, other in itertools.pairwise(settled))
    assert changes <= 3, chosen
    assert rate(cost, chosen[-1]) >= 0.8 * best(cost, AIM * 10.0), chosen


def test_steps_that_begin_to_take_too_long_make_batches_smaller() -> None:
    moved = [Moved(8_000, 0.5, 1.5, 56_000)] * 3
    assert choose(moved, 1.0).roots > 8_000
    moved += [Moved(8_000, 4.0, 12.0, 56_000)] * 4
    assert choose(moved, 1.0).roots == 2_000


def test_where_each_step_waits_longer_than_it_may_batches_are_not_made_small_for_nothing() -> None:
    moved = [Moved(2_000, seconds, 3.5 * seconds, 14_000) for seconds in (0.8, 0.9, 1.2, 1.3, 1.2)]
    for _ in range(BATCHES):
        roots = choose(moved, 1.0).roots
        longest = 1.2 + roots / 20_000
        moved.append(Moved(roots, longest, 3 * longest, roots * ROWS_OF_A_ROOT))
    (settled,) = {one.roots for one in moved[-20:]}
    assert settled >= 2_000
    assert "moves most" in choose(moved, 1.0).reason


def test_a_small_batch_that_just_keeps_within_the_limit_is_not_kept_to() -> None:
    busy = [*[Moved(1_150, 1.05, 3.0, 8_000)] * 3, *[Moved(100, 0.97, 2.5, 700)] * 3]
    assert choose(busy, 1.0).roots == 1_150


def test_the_reason_tells_what_was_seen() -> None:
    assert choose([Moved(2_000, 0.2, 0.7, 14_000)], 1.0) == (4_000, "trying more: 2,000 move 20,000 rows/s")
    assert choose([Moved(2_000, 0.9, 0.7, 14_000)], 1.0) == (
        2_000, "moves most: 20,000 rows/s, longest step 0.90 s",
    )  # fmt: skip
    assert choose([Moved(2_000, 2.0, 0.7, 14_000)], 1.0) == (900, "longest step 2.00 s of at most 1.00 s")
