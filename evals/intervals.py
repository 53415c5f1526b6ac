"""Confidence intervals of proportions."""

from __future__ import annotations

from math import sqrt

Z_95 = 1.959964


def wilson(hits: int, trials: int) -> list[float] | None:
    """The 95 % interval of hits/trials after Wilson (1927), rounded to four places; None without trials."""
    if trials == 0:
        return None
    share, z2 = hits / trials, Z_95 * Z_95
    middle = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = Z_95 / (1 + z2 / trials) * sqrt(share * (1 - share) / trials + z2 / (4 * trials * trials))
    return [round(max(0.0, middle - half), 4), round(min(1.0, middle + half), 4)]
