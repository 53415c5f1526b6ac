"""Dates as people write them: each may mean one or two spans of days ("3/5/26", "early 2011", "2021-22")."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta
from functools import lru_cache

from core.verification import dates
from core.verification.dates import Days

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAY = re.compile(r"(mon|tue|wed|thu|fri|sat|sun)[a-z]*\b,?\s+(?=\S)")
_PART = re.compile(r"(early|mid|late|(?:the )?(?:end|start|beginning)(?: of)?)[\s-]+")
_YEARS = re.compile(r"((?:19|20)\d\d)\s?[-/]\s?(\d\d)")
_SEASON = re.compile(r"(spring|summer|autumn|winter)\s+(?:of\s+)?((?:19|20)\d\d)")
_FIRST_MONTHS = {"spring": 3, "summer": 6, "autumn": 9, "winter": 12}
_MONTH_AND_YEAR = re.compile(r"([a-z]+)\.?\s+(\d\d)")
_DAY_AND_MONTH = re.compile(r"(\d\d?)/(\d\d?)")
_LED_BY_NOUGHT = re.compile(r"(0\d)/(\d\d)")
_DECADE = re.compile(r"((?:19|20)\d0)s")


CENTURY = 2000
_WHOLE_YEAR = re.compile(r"(?:19|20)\d\d")
FIRST_YEAR, FAR_YEAR = 1990, 2035
MONTH_DAYS_MAX = 31
# "A year earlier" leaves less open than half a year: nobody rounds seven months up.
SLACK_OF_YEARS = 0.35
IMPOSSIBLE = (Days(date(9000, 1, 1), date(9000, 1, 1)),)


@lru_cache(maxsize=20000)
def read(written: str) -> tuple[Days, ...]:
    """What a written date may mean; nothing if it is no date, or not the weekday that it says."""
    weekday = _WEEKDAY.match(written)
    rest = written[weekday.end() :] if weekday else written
    part = _PART.match(rest)
    rest = rest[part.end() :] if part else rest
    found = _spans(rest.strip().rstrip("."))
    if part:
        found = tuple(_part(days, part[1].removeprefix("the ").split()[0]) for days in found)
    if weekday:
        wanted = _WEEKDAYS.index(weekday[1])
        found = tuple(days for day in found for days in _in_years(day) if days.first.weekday() == wanted)
    return found


def _in_years(days: Days) -> tuple[Days, ...]:
    """A day, in each year if it gives none: a weekday says which it may be of."""
    one = days.yearless and days.first == days.last
    return tuple(of_year(days, year) for year in range(FIRST_YEAR, FAR_YEAR + 1)) if one else (days,)


def _spans(written: str) -> tuple[Days, ...]:
    years = _YEARS.fullmatch(written)
    if years and (found := _of_years(int(years[1]), int(years[2]))):
        return found
    season = _SEASON.fullmatch(written)
    if season:
        return _season(season[1], int(season[2]))
    led = _LED_BY_NOUGHT.fullmatch(written)
    if led:
        return (*dates.written(written), *day_and_month(int(led[1]), int(led[2])))
    day = _DAY_AND_MONTH.fullmatch(written)
    if day:
        return day_and_month(int(day[1]), int(day[2]))
    decade = _DECADE.fullmatch(written)
    if decade:
        return (Days(date(int(decade[1]), 1, 1), date(int(decade[1]) + 9, 12, 31)),)
    written = written.replace("'", "20") if "'" in written else written
    found = dates.written(written)
    found = found if _WHOLE_YEAR.search(written) else _of_the_past(found)
    short = _MONTH_AND_YEAR.fullmatch(written)
    return (*found, *dates.written(f"{short[1]} 20{short[2]}")) if short else found


def _of_years(first: int, last: int) -> tuple[Days, ...]:
    """ "2021-22" and "2016-19"; a month where the second number may be one, too."""
    last += first // 100 * 100
    years = (Days(date(first, 1, 1), date(last, 12, 31)),) if first < last <= first + 30 else ()
    months = dates.written(f"{first}-{last % 100:02}") if last % 100 <= 12 and last != first + 1 else ()
    return (*years, *months)


def _of_the_past(found: tuple[Days, ...]) -> tuple[Days, ...]:
    """ "12/9/68", "30 Jul 26": a year of two digits may be one of the last century."""
    old = [
        Days(_in_year(days.first, days.first.year - 100), _in_year(days.last, days.last.year - 100))
        for days in found
        if not days.yearless and days.first.year >= CENTURY
    ]
    return (*found, *old)


def _part(days: Days, part: str) -> Days:
    """The part of a span that "early" and the like may mean, generously."""
    length = (days.last - days.first).days
    early, late = days.first + timedelta(length * 5 // 12), days.first + timedelta(length * 7 // 12)
    if part in ("early", "start", "beginning"):
        return days._replace(last=early)
    if part in ("late", "end"):
        return days._replace(first=late)
    return Days(days.first + timedelta(length // 4), days.last - timedelta(length // 4), days.yearless)


def hull(first: tuple[Days, ...], last: tuple[Days, ...]) -> tuple[Days, ...]:
    """From one written date to another, as one span."""
    return tuple(Days(a.first, b.last) for a in first for b in last if a.first <= b.last) or IMPOSSIBLE


def _season(name: str, year: int) -> tuple[Days, ...]:
    """Three months, by the northern calendar; a winter may be that of either end of the year."""
    month = _FIRST_MONTHS[name]
    if month < 12:
        return (Days(date(year, month, 1), date(year, month + 3, 1) - timedelta(1)),)
    return tuple(Days(date(y, 12, 1), date(y + 1, 3, 1) - timedelta(1)) for y in (year, year - 1))


def with_year_of(days: tuple[Days, ...], other: tuple[Days, ...], *, before: bool) -> tuple[Days, ...]:
    """A date without a year, given the year of the date beside it: "March to May 1994"."""
    near = next((one for one in other if not one.yearless), None)
    if near is None or not days or not days[0].yearless:
        return days
    return tuple(found for one in days for found in (_before(one, near) if before else _after(one, near)))


def _before(days: Days, near: Days) -> tuple[Days, ...]:
    if not days.yearless:
        return (days,)
    found = of_year(days, near.first.year)
    return (found if found.first <= near.last else of_year(days, near.first.year - 1),)


def _after(days: Days, near: Days) -> tuple[Days, ...]:
    if not days.yearless:
        return (days,)
    year = near.last.year
    found = of_year(days, year)
    return (found, of_year(days, year + 1 if found.last < near.first else year - 1))


def of_year(days: Days, year: int) -> Days:
    return Days(_in_year(days.first, year), _in_year(days.last, year))


def at_distance(near: tuple[Days, ...], days: float, size: float) -> tuple[Days, ...]:
    """A day that lies some days after (or before) another, as near as its unit says: a number of days is exact."""
    if abs(days) > 100_000:
        return IMPOSSIBLE
    slack = timedelta(int(SLACK_OF_YEARS * size if size > MONTH_DAYS_MAX else size / 2))
    step = timedelta(round(days))
    return tuple(Days(d.first + step - slack, d.last + step + slack) for d in near if not d.yearless)


def _in_year(day: date, year: int) -> date:
    return day.replace(year=year) if (day.month, day.day) != (2, 29) else date(year, 3, 1) - timedelta(1)


def day_of_month(number: int, near: tuple[Days, ...]) -> tuple[Days, ...]:
    """ "The 16th", by the date mentioned before it."""
    if not near:
        return ()
    try:
        day = near[0].first.replace(day=number)
    except ValueError:
        return ()
    return (Days(day, day, near[0].yearless),)


def day_and_month(first: int, second: int, *, is_padded: bool = False) -> tuple[Days, ...]:
    """ "22/7": a day of some year; where both may be a month, either. "6/08", `is_padded`, may be June 2008, too."""
    pairs = [(first, second), *([(second, first)] if first <= 12 and first != second else [])]
    days = tuple(
        Days(date(2024, month, day), date(2024, month, day), yearless=True)
        for day, month in pairs
        if 1 <= month <= 12 and 1 <= day <= calendar.monthrange(2024, month)[1]
    )
    return (*days, *read(f"{first}/{2000 + second}")) if is_padded and first <= 12 else days


def at_age(born: date, years: int) -> tuple[Days, ...]:
    """The year in which somebody was so many years old."""
    first = _in_year(born, born.year + years)
    return (Days(first, _in_year(born, born.year + years + 1) - timedelta(1)),)


def within(when: tuple[Days, ...], day: date | None) -> bool:
    """Whether a day is one that a written date may mean; no date written means any day."""
    return not when or (day is not None and any(days.holds(day) for days in when))
