"""How pages write dates, numbers, units and numbers of people."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask

from core.models.said import MONTH, YEAR, precision
from core.queries.reference_ranges import age_on
from core.web.lay_terms import lay

UNITS = {
    "{score}": "",
    "{nominal}": "",
    "1": "",
    "n/a": "",
    "[pH]": "",
    "a": "years",
    "/a": "a year",
    "mm[Hg]": "mmHg",
    "10*3/uL": "×10³/µL",
    "10*6/uL": "×10⁶/µL",
    "10*9/L": "×10⁹/L",
    "10*12/L": "×10¹²/L",
    "Cel": "°C",
    "mL/min/{1.73_m2}": "mL/min/1.73 m²",
    "mL/min/1.73m2": "mL/min/1.73 m²",
    "kg/m2": "kg/m²",
    "[in_i]": "in",
}
SPOKEN_UNITS = {
    "%": "percent",
    "mmol/L": "millimoles per litre",
    "umol/L": "micromoles per litre",
    "mm[Hg]": "millimetres of mercury",
    "mg/dL": "milligrams per decilitre",
    "g/dL": "grams per decilitre",
    "kg": "kilograms",
    "cm": "centimetres",
    "/min": "per minute",
    "Cel": "degrees Celsius",
    "kg/m2": "kilograms per square metre",
}


class Formats:
    """The filters of one portal, in its time zone."""

    def __init__(self, time_zone: str) -> None:
        self.zone = ZoneInfo(time_zone)

    def local(self, value: datetime | date) -> datetime | date:
        """An instant in the portal's time zone; a day stays as it is."""
        if isinstance(value, datetime):
            return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(self.zone)
        return value

    def day(self, value: datetime | date | None) -> str:
        """`12 Nov 2026`; of a date known in part `November 2026` or `2026`."""
        if value is None:
            return ""
        known = precision(value)
        if known == YEAR:
            return str(value.year)
        here = self.local(value) if known is None else value
        return f"{here:%B} {here.year}" if known == MONTH else f"{here.day} {here:%b} {here.year}"

    def short_day(self, value: datetime | date) -> str:
        """`12 Nov`."""
        here = self.local(value)
        return f"{here.day} {here:%b}"

    def weekday(self, value: datetime | date) -> str:
        """`Thursday`."""
        return f"{self.local(value):%A}"

    def month(self, value: datetime | date) -> str:
        """`November 2026`."""
        here = self.local(value)
        return f"{here:%B} {here.year}"

    def month_short(self, value: datetime | date) -> str:
        """`Nov 2026`."""
        here = self.local(value)
        return f"{here:%b} {here.year}"

    def year(self, value: datetime | date) -> int:
        """`2026`."""
        return self.local(value).year

    def moment(self, value: datetime | None) -> str:
        """`12 Nov 2026, 09:14`; without a time of day where none is known."""
        if value is None or precision(value) is not None:
            return self.day(value)
        return f"{self.day(value)}, {self.local(value):%H:%M}"

    def clock(self, value: datetime | None) -> str:
        """`09:14:05`."""
        return f"{self.local(value):%H:%M:%S}" if value is not None else ""

    def minute(self, value: datetime) -> str:
        """`09:14`."""
        return f"{self.local(value):%H:%M}"

    def age(self, born_on: date | None, now: datetime | None = None) -> int | str:
        """Full years of age today, which begins at the portal's midnight."""
        return age(born_on, (now or datetime.now(UTC)).astimezone(self.zone).date())

    def iso_day(self, value: datetime | date) -> str:
        """`2026-11-12`, for `<time datetime>`."""
        here = self.local(value)
        return (here.date() if isinstance(here, datetime) else here).isoformat()


def by_year(formats: Formats, rows: Iterable[Any], attribute: str = "started_at") -> list[tuple[int, list[Any]]]:
    """Rows under their year, in the order they come."""
    years: dict[int, list[Any]] = {}
    for row in rows:
        years.setdefault(formats.year(getattr(row, attribute)), []).append(row)
    return list(years.items())


def number(value: Decimal | float | None) -> str:
    """A measured number without trailing zeros or exponent; a true minus sign."""
    if value is None:
        return ""
    plain = f"{Decimal(str(value)):f}"
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return plain.replace("-", "−")


def usual(low: Decimal | None, high: Decimal | None) -> str:
    """A usual range: `4–6`, `6 or less`, `4 or more`; empty without one."""
    if low is not None and high is not None:
        return f"{number(low)}–{number(high)}"
    if high is not None:
        return f"{number(high)} or less"
    return f"{number(low)} or more" if low is not None else ""


def count(value: int | None) -> str:
    """A count with thousands set apart: `412,830`."""
    return f"{value:,}" if value is not None else ""


def unit(code: str | None) -> str:
    """A UCUM unit as people write it; annotations in braces are left out."""
    if not code:
        return ""
    if code in UNITS:
        return UNITS[code]
    plain = re.sub(r"\{[^{}]*\}", "", code)
    return re.sub(r"\bu(?=(mol|g|L|IU|U)\b)", "µ", plain).replace("[iU]", "IU").replace("[degF]", "°F")


def spoken_unit(code: str | None) -> str:
    """A unit as a screen reader should say it."""
    return SPOKEN_UNITS.get(code or "", unit(code))


def age(born_on: date | None, on: date | None = None) -> int | str:
    """Full years of age on a day, today if none is given; about so many if only the year of birth is known."""
    if born_on is None:
        return "age unknown"
    years = age_on(born_on, on or datetime.now(UTC).date())
    return years if precision(born_on) is None else f"about {years}"


def plural(many: int, one: str, more: str | None = None) -> str:
    """`1 visit`, `2 visits`."""
    return f"{count(many)} {one if many == 1 else more or one + 's'}"


def duration(seconds: float) -> str:
    """`0.9 s`, `42 s`, `27 min`, `9 h 5 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def init_app(app: Flask, time_zone: str) -> None:
    """Make the filters known to templates."""
    formats = app.extensions["strata_formats"] = Formats(time_zone)
    for name in ("day", "short_day", "weekday", "month", "month_short", "year", "moment", "clock", "iso_day", "age"):
        app.jinja_env.filters[name] = getattr(formats, name)
    app.jinja_env.globals["MONTHS"] = [f"{date(2000, month, 1):%B}" for month in range(1, 13)]
    app.jinja_env.globals["today"] = lambda: formats.day(datetime.now(UTC))
    app.jinja_env.filters["by_year"] = partial(by_year, formats)
    for function in (number, count, unit, spoken_unit, plural, duration, lay):
        app.jinja_env.filters[function.__name__] = function
