"""FHIR dates as far as they are known, and instants in the zone of whoever reads."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from core.interchange.source_values import YEAR_MAX, YEAR_MIN, BadValue, required
from core.models.said import DAY, MONTH, YEAR

_PART = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_MIDNIGHT = re.compile(r".{10}[T ]00:00(?!:\d*[1-9])(?!:00\.0*[1-9])")
_NOON = time(12, tzinfo=UTC)


@dataclass(slots=True)
class Dates:
    """Reads the dates of one resource; remembers by column which of them were given in part."""

    zone: ZoneInfo
    partial: dict[str, str] = field(default_factory=dict)
    without_offset: bool = False

    def day(self, raw: Any, name: str, column: str) -> date | None:
        """The day that a date or instant names, in the zone; the first of the month or year if only that is known."""
        if raw in (None, "") or _is_absent(raw):
            return None
        kept = required(raw, 60, name)
        found = _PART.fullmatch(kept)
        if found is None:
            instant = self._instant(kept, name)
            # Many write a day as its midnight, in a zone of their own: that is the day that they mean.
            midnight = _MIDNIGHT.match(kept)
            return date.fromisoformat(kept[:10]) if midnight else instant.astimezone(self.zone).date()
        value, precision = _part(found, kept, name)
        if precision != DAY:
            self.partial[column] = precision
        return value

    def moment(self, raw: Any, name: str, column: str) -> datetime | None:
        """An instant in UTC; a date without a time stands at noon, UTC, which is the same day in every zone."""
        if raw in (None, "") or _is_absent(raw):
            return None
        kept = required(raw, 60, name)
        found = _PART.fullmatch(kept)
        if found is None:
            return self._instant(kept, name)
        value, precision = _part(found, kept, name)
        self.partial[column] = precision
        return datetime.combine(value, _NOON)

    def _instant(self, kept: str, name: str) -> datetime:
        try:
            # Python reads weeks and days without hyphens too, which FHIR does not write.
            parsed = datetime.fromisoformat(kept if _INSTANT.match(kept) else "")
        except ValueError:
            raise BadValue(
                f"{name} '{kept}' is not a date such as 2024, 2024-05, 2024-05-31 or 2024-05-31T08:30:00Z"
            ) from None
        _check_year(parsed.year, kept, name)
        if parsed.tzinfo is None:
            self.without_offset = True
            parsed = parsed.replace(tzinfo=self.zone)
        return parsed.astimezone(UTC).replace(microsecond=0)


def _is_absent(raw: Any) -> bool:
    """Whether in the place of a date stands only why there is none."""
    return isinstance(raw, dict) and set(raw) <= {"extension", "id"}


def _part(found: re.Match[str], kept: str, name: str) -> tuple[date, str]:
    year, month, day = found.groups()
    try:
        value = date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        raise BadValue(f"{name} '{kept}' is no day of the calendar") from None
    _check_year(value.year, kept, name)
    return value, DAY if day else MONTH if month else YEAR


def _check_year(year: int, kept: str, name: str) -> None:
    if not YEAR_MIN <= year <= YEAR_MAX:
        raise BadValue(f"{name} '{kept}' lies outside the years {YEAR_MIN} to {YEAR_MAX}")


def in_order(first: date | None, last: date | None, dates: Dates, columns: tuple[str, str]) -> bool:
    """Whether two days of which parts may be unknown can stand in this order."""
    if first is None or last is None:
        return True
    known = min(({YEAR: 4, MONTH: 7}.get(dates.partial.get(column, DAY), 10)) for column in columns)
    return first.isoformat()[:known] <= last.isoformat()[:known]
