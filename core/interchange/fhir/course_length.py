"""How long a course of medicine lasts, where its dosage tells it: by dates, by a length, or by single moments."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from core.interchange.fhir.bundles import dig, each

DAYS = {"d": 1, "wk": 7, "mo": 31, "a": 366, "h": 1, "min": 1, "s": 1}
DAYS_MAX = 40_000


def told_end(steps: list[Any]) -> str | None:
    """The latest day that the steps name as their end, as FHIR writes it; None unless each names one."""
    ends = [_end(step) for step in steps]
    return max(end for end in ends if end) if ends and all(ends) else None


def told_start(steps: list[Any]) -> str | None:
    """The first day that the steps name as their beginning; None unless each names one."""
    starts = [dig(step, "timing", "repeat", "boundsPeriod", "start") for step in steps]
    return min(map(str, starts)) if starts and all(starts) else None


def _end(step: Any) -> str | None:
    end = dig(step, "timing", "repeat", "boundsPeriod", "end")
    if end is None and dig(step, "timing", "repeat") is None:
        end = max((str(event) for event in each(dig(step, "timing", "event"))), default=None)
    return str(end) if end is not None else None


def days(steps: list[Any]) -> timedelta | None:
    """How long all steps last at most, one after the other; None unless each tells its length."""
    lengths = [_days(dig(step, "timing", "repeat")) for step in steps]
    total = sum(length for length in lengths if length)
    return timedelta(days=total) if lengths and all(lengths) and total < DAYS_MAX else None


def _days(repeat: Any) -> int | None:
    for quantity in (dig(repeat, "boundsDuration"), dig(repeat, "boundsRange", "high")):
        value, days = dig(quantity, "value"), DAYS.get(str(dig(quantity, "code") or dig(quantity, "unit")))
        if isinstance(value, int | Decimal | float) and days is not None and 0 < value < DAYS_MAX:
            count = int(value) + 1
            return count if days == 1 and dig(quantity, "code") in ("h", "min", "s") else count * days
    return None
