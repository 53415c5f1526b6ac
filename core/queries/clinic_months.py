"""One month at one clinic: its visits, and what was measured and prescribed at them, hot and archived."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, case, func, or_, select
from sqlalchemy.orm import Session

from core.engines.functions import any_of
from core.models import Assay
from core.models.record_types import VISIT
from core.picture.values import ABNORMAL
from core.stores import archived, counted
from core.stores.tables import hot_table, linked_table

# No visit lasts longer.
VISIT_MAX = timedelta(days=366)
# What is counted at visits: its table, and the column that it is counted by.
COUNTED = {"observation": "assay_id", "prescription": "medication"}


@dataclass(frozen=True)
class Month:
    """The sums of one month; `first` is its first day, `patients` the number of people seen."""

    first: date
    visits: int
    patients: int
    tests: int
    out_of_range: int
    medicines: int


@dataclass
class Shares:
    """Rows by name, and the people that a name's rows belong to."""

    counts: Counter[Any] = field(default_factory=Counter)
    people: defaultdict[Any, set[int]] = field(default_factory=lambda: defaultdict(set))
    out_of_range: Counter[Any] = field(default_factory=Counter)

    def add(self, name: Any, patient_id: int, rows: int, out_of_range: int = 0) -> None:
        """Count a patient's rows of a name."""
        self.counts[name] += rows
        self.people[name].add(patient_id)
        self.out_of_range[name] += out_of_range


@dataclass
class MonthFigures:
    """What a month's rows come to so far: the hot ones, then the archived ones."""

    clinic_id: int
    first: date
    bounds: tuple[datetime, datetime]
    patients: set[int] = field(default_factory=set)
    visits: Shares = field(default_factory=Shares)
    tests: Shares = field(default_factory=Shares)
    medicines: Shares = field(default_factory=Shares)

    def month(self) -> Month:
        """The sums."""
        out_of_range = self.tests.out_of_range.total()
        rows = (self.tests.counts.total(), out_of_range, self.medicines.counts.total())
        return Month(self.first, self.visits.counts.total(), len(self.patients), *rows)

    def add_archived(self, session: Session, seconds: float) -> None:
        """Count what an archive holds, and what stayed hot of its visits. Raises ColdUnavailable, nothing counted."""
        window = archived.window(session, VISIT.name)
        if not window.last:
            return
        visit = linked_table("visit")
        seen = archived.visible(visit, window)
        held = archived.fetch(VISIT.name, self._visits(visit).where(seen), seconds=seconds)
        errors = counted.entered_in_error(session, {row["patient_id"] for row in held})
        held = [row for row in held if not errors.has("visit", row["id"], None)]
        found = {}
        for name in COUNTED:
            table = linked_table(name)
            query = self.at_visits(table, visit).where(seen, archived.visible(table, window), errors.counts(table))
            found[name] = archived.fetch(VISIT.name, query, seconds=seconds, asks_first=False)
        self._add_visits(held)
        for name, rows in found.items():
            self._add(name, rows)
            self._add_left_hot(session, name, [row["id"] for row in held])

    def add_hot(self, session: Session) -> None:
        """Count the rows of this session's snapshot."""
        visit = hot_table("visit")
        self._add_visits(session.execute(self._visits(visit).where(counted.counts(visit))).mappings().all())
        for name in COUNTED:
            table = hot_table(name)
            query = self.at_visits(table, visit).where(counted.counts(table))
            self._add(name, session.execute(query).mappings().all())

    def _add_left_hot(self, session: Session, name: str, visit_ids: Sequence[int]) -> None:
        """What is current stays hot while its visit is archived: an active medicine."""
        table = hot_table(name)
        query = _grouped(table).where(any_of(table.c.visit_id, visit_ids), counted.counts(table))
        self._add(name, session.execute(query).mappings().all())

    def _visits(self, visit: Table) -> Select[Any]:
        return select(visit.c.id, visit.c.patient_id, visit.c.description).where(*self._here(visit))

    def at_visits(self, table: Table, visit: Table) -> Select[Any]:
        return _grouped(table).join(visit, visit.c.id == table.c.visit_id).where(*self._here(visit))

    def _here(self, visit: Table) -> tuple[ColumnElement[bool], ...]:
        begin, end = self.bounds
        # Visits are indexed by their ends, hot and archived.
        ended = or_(visit.c.ended_at.is_(None), visit.c.ended_at.between(begin, end + VISIT_MAX))
        return visit.c.clinic_id == self.clinic_id, visit.c.started_at >= begin, visit.c.started_at < end, ended

    def _add_visits(self, rows: Sequence[Any]) -> None:
        for row in rows:
            self.patients.add(row["patient_id"])
            self.visits.add(row["description"], row["patient_id"], 1)

    def _add(self, name: str, rows: Sequence[Any]) -> None:
        shares = self.tests if name == "observation" else self.medicines
        for row in rows:
            shares.add(row["name"], row["patient_id"], row["count"], row.get("out_of_range") or 0)


def month_figures(session: Session, clinic_id: int, first: date, bounds: tuple[datetime, datetime]) -> MonthFigures:
    """The hot rows of a month that begins on `first`, between two instants; archived ones may be added."""
    figures = MonthFigures(clinic_id, first, bounds)
    figures.add_hot(session)
    return figures


def assay_names(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """The short names of these assays."""
    rows = session.execute(select(Assay.id, Assay.short_name).where(any_of(Assay.id, ids)))
    return {assay.id: assay.short_name for assay in rows}


def _grouped(table: Table) -> Select[Any]:
    name, patient_id = table.c[COUNTED[table.name]], table.c.patient_id
    query = select(name.label("name"), patient_id, func.count().label("count")).group_by(name, patient_id)
    if "interpretation" not in table.c:
        return query
    is_abnormal = case((table.c.interpretation.in_(sorted(ABNORMAL)), 1), else_=0)
    return query.add_columns(func.sum(is_abnormal).label("out_of_range"))
