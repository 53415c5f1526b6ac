"""Figures with their spread."""

from __future__ import annotations

import statistics
from collections.abc import Sequence


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, least and most."""
    return {name: round(value, 3) for name, value in _figures(values)}


def _figures(values: Sequence[float]) -> list[tuple[str, float]]:
    return [("median", statistics.median(values)), ("min", min(values)), ("max", max(values))]
