"""What windows come to: percentiles, ratios of pairs with their intervals."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from bench.headline.arrivals import HEAVY, HOT
from bench.headline.measure import Window

DRAWS, SHARE = 2_000, 0.95
PERCENTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}
KINDS = (*HOT, *HEAVY)


def percentile(seconds: Sequence[float], share: float) -> float:
    """The nearest rank; no end if that one failed."""
    ordered = sorted(seconds)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan


def by_kind(windows: Sequence[Window]) -> dict[str, dict[str, float]]:
    """Of each kind, over all windows: percentiles in milliseconds, how many there were, and how many timed out."""
    found = {}
    for kind, kinds in {**{kind: (kind,) for kind in KINDS}, "hot": tuple(HOT)}.items():
        seconds = [one for window in windows for one in window.of(*kinds)]
        if seconds:
            shown = {name: round(percentile(seconds, share) * 1000, 1) for name, share in PERCENTILES.items()}
            timed_out = sum(window.timed_out(*kinds) for window in windows)
            found[kind] = {**shown, "requests": len(seconds), "timed_out": timed_out}
    return found


def costs(windows: Sequence[Window]) -> dict[str, float]:
    """What 1,000 hot requests cost the primary, over all windows."""
    requests = sum(len(window.hot) for window in windows) or 1
    return {
        "cpu_seconds": round(sum(window.cpu_seconds for window in windows) / requests * 1000, 2),
        "buffers": round(sum(window.buffers for window in windows) / requests * 1000),
        **{
            f"{name}_cpu_seconds": round(sum(window.beside[name] for window in windows) / requests * 1000, 2)
            for name in windows[0].beside
        },
        "redis_commands": round(sum(window.commands for window in windows) / requests * 1000),
        "wal_mb": round(sum(window.wal_bytes for window in windows) / requests * 1000 / 2**20, 2),
    }


def ratio(pairs: Sequence[tuple[float, float]]) -> dict[str, Any]:
    """The median of second by first, and the interval that 95 of 100 draws of as many pairs fall into."""
    ratios = [second / first for first, second in pairs if first and math.isfinite(first) and math.isfinite(second)]
    if not ratios:
        return {"median": None, "low": None, "high": None, "pairs": len(pairs)}
    rng = Random(1)
    drawn = sorted(statistics.median(rng.choices(ratios, k=len(ratios))) for _ in range(DRAWS))
    tail = round((1 - SHARE) / 2 * DRAWS)
    return {
        "median": round(statistics.median(ratios), 3),
        "low": round(drawn[tail], 3),
        "high": round(drawn[-1 - tail], 3),
        "pairs": len(ratios),
    }


def table(ratios: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Lines that a person reads: what, its median, its interval, what is wanted."""
    lines = [f"{'ratio':58} {'median':>8} {'95 % of draws':>18} {'wanted':>20}"]
    for name, found in ratios.items():
        interval = f"{found['low']} to {found['high']}" if found.get("low") is not None else ""
        lines.append(f"{name:58} {found['median']!s:>8} {interval:>18} {found.get('wanted', ''):>20}")
    return lines
