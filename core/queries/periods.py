"""A part of a timeline: a year, a month, or what has no date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

FIRST_YEAR = 1900


@dataclass(frozen=True)
class Period:
    """A year, or one month of it; neither is what has no date."""

    year: int | None
    month: int | None = None

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """From the first instant of it to the first after it."""
        year, first = self.year or FIRST_YEAR, self.month or 1
        end = (year + 1, 1) if self.month in (None, 12) else (year, first + 1)
        return datetime(year, first, 1, tzinfo=zone), datetime(*end, 1, tzinfo=zone)
