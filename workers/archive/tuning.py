"""The size of batches that moves most rows a second while no step takes longer than it may. No database, no clock."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

ROOTS_MIN, ROOTS_MAX = 100, 50_000
# A larger size is tried at most this much larger, and only if it may be this much larger at all.
TRY_MOST, TRY_LEAST = 2.0, 1.25
# Expected to take this share of what a step may take: so that one that takes a little longer is still within.
AIM = 0.9
SHRINK_MOST = 0.25
# A size is better if it moves this much more; to leave a size that is in use takes more than chance.
BETTER, MUCH_BETTER = 1.03, 1.15
# To shrink was in vain if a batch of so many times the roots takes at most this much longer, and moves so much more.
VAIN_TIMES, VAIN_LONGER, VAIN_RATE = 4, 1.5, 2


class Moved(NamedTuple):
    """A batch that was moved: its roots, the seconds of its longest step and of all its steps, its rows in all."""

    roots: int
    longest: float
    seconds: float
    rows: int


class Size(NamedTuple):
    """Roots in a batch, and the reason to show."""

    roots: int
    reason: str


class _Tried(NamedTuple):
    roots: int
    rate: float
    longest: float


def choose(moved: Sequence[Moved], most_seconds: float) -> Size:
    """The size of the next batch after those of a run that were moved, oldest first; at least one was.

    Sizes are doubled while that moves more rows a second and no step takes longer than `most_seconds`; then the best
    one stays, until its steps take too long or another turns out to be much better.
    """
    tried = _tried(moved)
    within = _within(tried, most_seconds)
    if not within:
        least = tried[0]
        share = max(AIM * most_seconds / least.longest, SHRINK_MOST)
        return _size(least.roots * share, f"longest step {least.longest:.2f} s of at most {most_seconds:.2f} s")
    best, last = max(within, key=lambda one: one.rate), within[-1]
    if (larger := _larger(tried, within, most_seconds)) is not None:
        return _size(larger, f"trying more: {last.roots:,} move {last.rate:,.0f} rows/s")
    in_use = next((one for one in within if one.roots == moved[-1].roots), best)
    if best.rate < in_use.rate * MUCH_BETTER:
        best = in_use
    return Size(best.roots, f"moves most: {best.rate:,.0f} rows/s, longest step {best.longest:.2f} s")


def _within(tried: list[_Tried], most_seconds: float) -> list[_Tried]:
    """The sizes whose steps take no longer than they may. Where to shrink was in vain, those that take about as long as
    the smallest: on a busy machine each step may wait a second for its turn, and small batches wait as often.
    """
    within, least = [one for one in tried if one.longest <= most_seconds], tried[0]
    alike = [one for one in tried if one.longest <= VAIN_LONGER * least.longest]
    in_vain = alike[-1].roots >= VAIN_TIMES * least.roots
    rate, rate_within = (max((one.rate for one in some), default=0.0) for some in (alike, within))
    return alike if in_vain and rate > VAIN_RATE * rate_within else within


def _tried(moved: Sequence[Moved]) -> list[_Tried]:
    """What is known of each size, smallest first."""
    by_size = defaultdict(list)
    for one in moved:
        by_size[one.roots].append(one)
    return [
        _Tried(
            roots,
            statistics.median(one.rows / max(one.seconds, 1e-9) for one in same),
            statistics.median(one.longest for one in same),
        )
        for roots, same in sorted(by_size.items())
    ]


def _larger(tried: list[_Tried], within: list[_Tried], most_seconds: float) -> float | None:
    """A larger size to try, if the largest one so far moved more than the one before and has room to grow."""
    largest = within[-1]
    if tried[-1] is not largest or any(one.rate * BETTER > largest.rate for one in within[:-1]):
        return None
    wanted = min(largest.roots * min(_room(within, AIM * most_seconds), TRY_MOST), ROOTS_MAX)
    return wanted if wanted >= largest.roots * TRY_LEAST else None


def _room(within: list[_Tried], aim: float) -> float:
    """How many times as large a batch may be until its longest step takes as long as is aimed at."""
    largest = within[-1]
    if len(within) == 1:
        # Part of the time is the same for any batch: how much, nobody knows yet.
        return 1 + 2 * (aim / max(largest.longest, 1e-9) - 1)
    before = within[-2]
    slope = (largest.longest - before.longest) / (largest.roots - before.roots)
    return 1 + (aim - largest.longest) / slope / largest.roots if slope > 0 else TRY_MOST


def _size(roots: float, reason: str) -> Size:
    return Size(round(min(max(roots, ROOTS_MIN), ROOTS_MAX)), reason)
