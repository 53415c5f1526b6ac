"""Dates as people write them. A written date is a span of days: 3 May 2026 is one day, May 2026 thirty-one."""

import calendar
import re
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

_MONTHS = {
    name: n
    for n, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)
}
_NAME = re.compile(r"[a-z]+")
_NUMBER = re.compile(r"\d+")


class Days(NamedTuple):
    """From `first` to `last`, both included. `yearless` when no year was written: then the years do not count."""

    first: date
    last: date
    yearless: bool = False

    def holds(self, day: date) -> bool:
        if self.yearless:
            return (self.first.month, self.first.day) <= (day.month, day.day) <= (self.last.month, self.last.day)
        return self.first <= day <= self.last

    def of_a_year(self) -> tuple[int, int, int, int]:
        """Months and days, whatever the year."""
        return self.first.month, self.first.day, self.last.month, self.last.day


When = tuple[Days, ...]
"""What a written date may mean: one span of days, or two where the order of day and month is open."""


@lru_cache(maxsize=20000)
def written(text: str) -> tuple[Days, ...]:
    """What a date in a claim may mean, nothing if it is no date. 03/05/2026 may mean 3 May or March 5."""
    day_only = text.split("t", maxsplit=1)[0] if text[:4].isdigit() else text
    numbers = [int(n) for n in _NUMBER.findall(day_only)]
    month = next((_MONTHS[w[:3]] for w in _NAME.findall(text) if w[:3] in _MONTHS), None)
    try:
        return _with_month_name(month, numbers) if month else _of_numbers(numbers)
    except ValueError:
        return ()


def _of_numbers(numbers: list[int]) -> tuple[Days, ...]:
    match numbers:
        case [year, month, day, *_] if year > 31:
            return (_day(year, month, day),)
        case [first, second, year]:
            day_first = _day(_full_year(year), second, first) if second <= 12 else None
            month_first = _day(_full_year(year), first, second) if first <= 12 else None
            return tuple(days for days in (day_first, month_first) if days)
        case [month, year]:
            return (_month(_full_year(year), month),)
        case [year]:
            return (Days(date(year, 1, 1), date(year, 12, 31)),)
    return ()


def _with_month_name(month: int, numbers: list[int]) -> tuple[Days, ...]:
    if not numbers:
        return (_month(2024, month)._replace(yearless=True),)
    if len(numbers) == 1:
        return (
            (_month(_full_year(numbers[0]), month),)
            if numbers[0] > 31
            else (_day(2024, month, numbers[0])._replace(yearless=True),)
        )
    return (_day(_full_year(numbers[1]), month, numbers[0]),)


def _full_year(year: int) -> int:
    return year if year > 99 else 2000 + year if year < 70 else 1900 + year


def _day(year: int, month: int, day: int) -> Days:
    found = date(year, month, day)
    return Days(found, found)


def _month(year: int, month: int) -> Days:
    return Days(date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]))


def of_row(value: Any) -> date | None:
    """The day a row's field names, in the zone it was written in; None if it holds no date."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    return _of_text(value) if isinstance(value, str) else None


@lru_cache(maxsize=20000)
def _of_text(value: str) -> date | None:
    try:
        return date.fromisoformat(value.strip()[:10])
    except ValueError:
        days = written(value.strip().lower()) if len(value) < 30 and any(c.isdigit() for c in value) else ()
        return days[0].first if len(days) == 1 and days[0].first == days[0].last else None


def years_between(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def say(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
