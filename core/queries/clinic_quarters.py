"""A clinic's quarter in figures, for admins: visits, tests, results out of range and medicines begun, by month.

Heavy: it reads every visit of the quarter, so it belongs on the replica. What an archive holds is counted there. No
line tells of fewer than `FEWEST` people: a small count may name somebody.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any

from sqlalchemy.orm import Session

from core.models import Clinic
from core.queries.clinic_months import Month, MonthFigures, Shares, assay_names, month_figures
from core.queries.periods import Period
from core.stores.archived import ColdUnavailable
from core.stores.page_zone import page_zone

FEWEST = 5
EMPTY: Mapping[Any, str] = MappingProxyType({})


class BadQuarter(ValueError):
    """The address of a page names no quarter."""


@dataclass(frozen=True, order=True)
class Quarter:
    """Three months of a year; `number` is 1 to 4."""

    year: int
    number: int

    @classmethod
    def parse(cls, name: str) -> Quarter:
        """From its name, such as 2026-Q3. Raises BadQuarter."""
        year, _, number = name.partition("-Q")
        if not (year.isascii() and year.isdigit() and len(year) == 4 and number in ("1", "2", "3", "4")):
            raise BadQuarter(name)
        if not 1900 <= int(year) < date.max.year:
            raise BadQuarter(name)
        return cls(int(year), int(number))

    @classmethod
    def of(cls, day: date) -> Quarter:
        """The quarter that a day is in."""
        return cls(day.year, (day.month - 1) // 3 + 1)

    @property
    def before(self) -> Quarter:
        return Quarter(self.year, self.number - 1) if self.number > 1 else Quarter(self.year - 1, 4)

    @property
    def after(self) -> Quarter:
        return Quarter(self.year, self.number + 1) if self.number < 4 else Quarter(self.year + 1, 1)

    @property
    def months(self) -> tuple[date, date, date]:
        """The first days of its months."""
        first, second, third = (date(self.year, 3 * (self.number - 1) + month, 1) for month in (1, 2, 3))
        return first, second, third

    def __str__(self) -> str:
        return f"{self.year}-Q{self.number}"


@dataclass(frozen=True)
class Line:
    """One kind of visit, test or medicine: how many in each month; of tests, also how many results out of range."""

    name: str
    counts: tuple[int, ...]
    out_of_range: int = 0

    @property
    def total(self) -> int:
        return sum(self.counts)


@dataclass(frozen=True)
class Share:
    """The lines of one topic, most frequent first; `others` are those that fewer than FEWEST people share."""

    lines: tuple[Line, ...] = ()
    others: Line | None = None


@dataclass(frozen=True)
class ClinicQuarter:
    """What was done at a clinic in a quarter, to so many patients.

    `silent` names an archive that did not answer: its visits are missing.
    """

    clinic: str
    quarter: Quarter
    months: tuple[Month, ...]
    patients: int = 0
    visits: Share = field(default_factory=Share)
    tests: Share = field(default_factory=Share)
    medicines: Share = field(default_factory=Share)
    silent: str | None = None

    @property
    def sums(self) -> tuple[tuple[str, tuple[int, ...], int], ...]:
        """Each sum: its name among those of a month, its months, its quarter. Who came twice is one patient."""
        names = ("visits", "patients", "tests", "out_of_range", "medicines")
        by_month = {name: tuple(getattr(month, name) for month in self.months) for name in names}
        return tuple((name, of, self.patients if name == "patients" else sum(of)) for name, of in by_month.items())

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all is on record, as far as every archive answered."""
        return self.silent is None and not any(total for _, _, total in self.sums)


def clinic_quarter(session: Session, clinic_id: int, quarter: Quarter, *, seconds: float) -> ClinicQuarter | None:
    """The figures of a quarter, or None for a clinic that does not exist. An archive may take `seconds` to answer."""
    clinic = session.get(Clinic, clinic_id)
    if clinic is None:
        return None
    shares, silent = _figures(session, clinic_id, quarter, seconds)
    tests = [figures.tests for figures in shares]
    names = assay_names(session, sorted({assay_id for month in tests for assay_id in month.counts}))
    return ClinicQuarter(
        clinic.name,
        quarter,
        tuple(figures.month() for figures in shares),
        len(set[int]().union(*(figures.patients for figures in shares))),
        _share([figures.visits for figures in shares]),
        _share(tests, names),
        _share([figures.medicines for figures in shares]),
        silent,
    )


def _figures(
    session: Session, clinic_id: int, quarter: Quarter, seconds: float
) -> tuple[list[MonthFigures], str | None]:
    """Each month's figures, and the archive that did not answer, if one did not: no further month waits for it."""
    found: list[MonthFigures] = []
    silent = None
    for first in quarter.months:
        figures = month_figures(session, clinic_id, first, Period(first.year, first.month).bounds(page_zone()))
        try:
            if silent is None:
                figures.add_archived(session, seconds)
        except ColdUnavailable as fault:
            silent = fault.server
        found.append(figures)
    return found, silent


def _share(months: Sequence[Shares], labels: Mapping[Any, str] = EMPTY) -> Share:
    """The lines of three months; what counts as one, such as an assay's id, stands under its label."""
    keys = {key for month in months for key in month.counts}
    rare = {key for key in keys if len({person for month in months for person in month.people[key]}) < FEWEST}
    shown = [_line(labels.get(key, str(key)), months, [key]) for key in keys - rare]
    shown.sort(key=lambda line: (-line.total, line.name))
    return Share(tuple(shown), _line("Others", months, rare) if rare else None)


def _line(label: str, months: Sequence[Shares], keys: Collection[Any]) -> Line:
    counts = tuple(sum(month.counts[key] for key in keys) for month in months)
    return Line(label, counts, sum(month.out_of_range[key] for month in months for key in keys))
