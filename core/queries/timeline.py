"""One timeline of a record: a year or a month of it at a time, hot and archived rows without a seam.

What was done at a visit stands at the visit; what belongs to none, and each signed report, has a place of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial, reduce
from typing import Any, cast

from sqlalchemy import FromClause, Select, Table, join, select, true
from sqlalchemy.orm import Session

from core.models import ReportState
from core.models.record_types import REPORT, VISIT
from core.queries import timeline_ends
from core.queries.hidden_visits import NO_VISITS, VisitIds, is_visible
from core.queries.periods import Period
from core.queries.reports.signed_reports import SignedItem, signed_lines
from core.queries.timeline_ends import ENDS, NOTHING, Ends
from core.queries.timeline_items import MAKERS, SOURCES, Item, Kind, newest_first
from core.queries.visit_overview import overview
from core.stores import archived, counted, hot_and_archived
from core.stores.hot_and_archived import Build, ColdTable, Found, Held
from core.stores.page_zone import page_zone
from core.stores.tables import hot_table, linked_table, signed_view

ROWS_MAX = 300
OUTSIDE = (Kind.RESULTS, Kind.MEDICINES, Kind.PROBLEMS, Kind.NOTES)


@dataclass(frozen=True)
class Timeline:
    """One period of a record, the newest first.

    `years` are those that may have anything; `gaps` are the archives that were silent, and what they hold.
    `is_cut`: there is more in this period than is shown.
    """

    period: Period
    items: tuple[Item, ...]
    years: tuple[int, ...]
    gaps: tuple[Held, ...]
    is_cut: bool
    has_undated: bool

    @property
    def before(self) -> int | None:
        """The next older year that may have anything."""
        year = self.period.year
        return next((other for other in self.years if year is not None and other < year), None)


def timeline(
    session: Session,
    patient_id: int,
    *,
    kind: Kind = Kind.ALL,
    assay_id: int | None = None,
    period: Period | None = None,
    hidden_visits: VisitIds = NO_VISITS,
    cold_reports: ColdTable = signed_view,
) -> Timeline:
    """A period of the record without hidden visits; without a period, the newest year that has anything.

    `cold_reports`: where archived reports are read: patients' pages by views of signed ones, staff's by linked tables.
    """
    reading = TimelineReading(session, patient_id, kind, assay_id, hidden_visits)
    reading.cold_reports = cold_reports
    years = reading.years()
    if period is None:
        period = Period(years[0] if years else datetime.now(UTC).astimezone(reading.zone).year)
    items = sorted(reading.items(period), key=partial(newest_first, reading.zone))
    return Timeline(period, tuple(items[:ROWS_MAX]), years, tuple(reading.gaps), len(items) > ROWS_MAX,
                    reading.has_undated())  # fmt: skip


class TimelineReading:
    """One reading of a timeline; `gaps` fills with what silent archives hold."""

    def __init__(
        self, session: Session, patient_id: int, kind: Kind, assay_id: int | None, hidden_visits: VisitIds
    ) -> None:
        self._session, self._patient_id, self._kind = session, patient_id, kind
        self._assay_id, self._hidden = assay_id, hidden_visits
        self.zone = page_zone()
        self.gaps: list[Held] = []
        self._silent: set[str] = set()
        self._ends: Ends | None = None
        self.cold_reports: ColdTable = signed_view

    def years(self) -> tuple[int, ...]:
        """All years from the newest that has anything to the oldest: archives are known by what they hold."""
        times = self._hot_ends()
        if (ends := self._archived_ends()) is not None:
            times += ends.times
        for held in self._held():
            if ends is None or held.server != VISIT.server:
                times += [held.begins_at, held.last_at]
        years = [self._year(at) for at in times]
        return tuple(range(max(years), min(years) - 1, -1)) if years else ()

    def has_undated(self) -> bool:
        """Whether anything has no date; of what a silent archive holds, it may."""
        kinds = [kind for kind in self._kinds() if kind in (Kind.MEDICINES, Kind.PROBLEMS)]
        is_loose = self._kind is Kind.ALL
        if kinds and not is_loose:
            ends = self._archived_ends()
            if (ends is not None and ends.has_undated) or VISIT.name in self._silent:
                return True
        return bool(self._that_have_any(kinds, Period(None), is_loose=is_loose))

    def items(self, period: Period) -> Iterator[Item]:
        """What the period has; of all kinds, visits with what belongs to none."""
        if self._shows_reports():
            yield from self._reports(period)
        loose = self._loose()
        any_loose = self._that_have_any(loose, period, is_loose=True)
        for kind in self._kinds():
            if kind not in loose or kind in any_loose:
                yield from MAKERS[kind](self._session, self._rows(kind, period, is_loose=kind in loose))

    def _kinds(self) -> tuple[Kind, ...]:
        if self._assay_id is not None:
            return (Kind.RESULTS,)
        if self._kind is Kind.ALL:
            return (Kind.VISITS, *OUTSIDE)
        return (self._kind,) if self._kind in SOURCES else ()

    def _loose(self) -> tuple[Kind, ...]:
        """The kinds of which only what belongs to no visit has a place of its own."""
        return OUTSIDE if self._kind is Kind.ALL and self._assay_id is None else ()

    def _shows_reports(self) -> bool:
        return self._kind in (Kind.ALL, Kind.REPORTS) and self._assay_id is None

    def _held(self) -> list[Held]:
        types = [VISIT.name] if self._kinds() else []
        types += [REPORT.name] if self._shows_reports() else []
        found = (hot_and_archived.held(self._session, self._patient_id, name) for name in types)
        return [held for held in found if held is not None]

    def _hot_ends(self) -> list[date]:
        """When the first and the last row of each kind are, asked at once."""
        asked = []
        for kind in self._kinds():
            name, column = SOURCES[kind]
            table = hot_table(name)
            loose = (table.c.visit_id.is_(None),) if kind in self._loose() else ()
            ends = select(*timeline_ends.columns(table.c[column]))
            asked.append(ends.where(*self._mine(table), *loose, counted.counts(table)))
        if self._shows_reports():
            table = hot_table("report")
            asked.append(select(*timeline_ends.columns(table.c.closed_at)).where(*self._signed(table)))
        if not asked:
            return []
        parts = [one.subquery(f"ends{number}") for number, one in enumerate(asked)]
        whole = reduce(lambda left, right: join(left, right, true()), parts[1:], cast(FromClause, parts[0]))
        row = self._session.execute(select(*(part.c[end] for part in parts for end in ENDS)).select_from(whole)).one()
        return [at for at in row if at is not None]

    def _archived_ends(self) -> Ends | None:
        """Of a kind that was done at visits: its days may be others than theirs, so the archive is asked, once.

        None where what the archive holds tells: of visits and of all kinds, if each archived visit counts and may be
        shown; and of a silent archive.
        """
        if self._ends is None:
            kind = self._kind_to_ask()
            if kind is None:
                return None
            name, column = SOURCES[kind]
            found = self._ask(
                VISIT.name, name, lambda table, owned: timeline_ends.whole(owned, table.c[column], self._mine(table))
            )
            self._ends = Ends.of(found[0].values) if found else NOTHING
        return None if VISIT.name in self._silent else self._ends

    def _kind_to_ask(self) -> Kind | None:
        """The kind whose rows the archive itself must be asked about."""
        if self._assay_id is not None or self._kind not in (Kind.ALL, Kind.VISITS, Kind.REPORTS):
            return self._kinds()[0]
        held = hot_and_archived.held(self._session, self._patient_id, VISIT.name)
        if self._kind is Kind.REPORTS or held is None:
            return None
        told = overview(self._session, self._patient_id, hidden_visits=self._hidden)
        return Kind.VISITS if told.archived < held.roots else None

    def _signed(self, table: Table) -> list[Any]:
        return [table.c.patient_id == self._patient_id, table.c.state == ReportState.SIGNED]

    def _year(self, at: date) -> int:
        return at.astimezone(self.zone).year if isinstance(at, datetime) else at.year

    def _mine(self, table: Table) -> list[Any]:
        conditions = [table.c.patient_id == self._patient_id, is_visible(table, self._hidden)]
        if self._assay_id is not None:
            conditions.append(table.c.assay_id == self._assay_id)
        return conditions

    def _that_have_any(self, kinds: Iterable[Kind], period: Period, *, is_loose: bool) -> frozenset[Kind]:
        queries = {
            kind: hot_and_archived.hot_query(SOURCES[kind][0], self._build(kind, period, is_loose=is_loose))
            for kind in kinds
        }
        return hot_and_archived.that_find_any(self._session, queries)

    def _build(self, kind: Kind, period: Period, *, is_loose: bool) -> Build:
        def build(table: Table, columns: Select[Any]) -> Select[Any]:
            time_column = table.c[SOURCES[kind][1]]
            query = columns.where(*self._mine(table), *self.within(time_column, period))
            query = query.where(table.c.visit_id.is_(None)) if is_loose else query
            return query.order_by(time_column.desc(), table.c.id.desc()).limit(ROWS_MAX + 1)

        return build

    def _rows(self, kind: Kind, period: Period, *, is_loose: bool) -> list[Found]:
        name, build = SOURCES[kind][0], self._build(kind, period, is_loose=is_loose)
        found = hot_and_archived.read_hot(self._session, name, build)
        return found if is_loose else self._with_archived(found, VISIT.name, name, build, period)

    def _reports(self, period: Period) -> Iterator[Item]:
        def build(table: Table, columns: Select[Any]) -> Select[Any]:
            query = columns.where(*self._signed(table), *self.within(table.c.closed_at, period))
            return query.order_by(table.c.closed_at.desc(), table.c.id.desc()).limit(ROWS_MAX + 1)

        found = hot_and_archived.read_hot(self._session, "report", build)
        for line in self._signed_lines(found, self._with_archived(found, REPORT.name, "report", build, period)):
            by = f"Signed by {line.signed_by}" if line.signed_by else "Signed"
            yield Item(
                Kind.REPORTS, line.id, line.signed_at, "Health report", by, line.is_archived,
                is_replaced=line.replaced_by_id is not None,
            )  # fmt: skip

    def _signed_lines(self, hot: list[Found], found: list[Found]) -> Sequence[SignedItem]:
        """The lines of these reports; of the hot ones alone if the archive has fallen silent meanwhile."""
        try:
            return signed_lines(self._session, found, self.cold_reports)
        except archived.ColdUnavailable:
            self._missed(REPORT.name)
            return signed_lines(self._session, hot, is_hot_only=True)

    def _with_archived(
        self, found: list[Found], record_type: str, name: str, build: Build, period: Period
    ) -> list[Found]:
        """The archive is asked only for a period of which it holds anything; a silent one is a gap."""
        held = hot_and_archived.held(self._session, self._patient_id, record_type)
        if held is None or record_type in self._silent:
            return found
        if name in (VISIT.root.name, REPORT.root.name) and not self._may_hold(held, period):
            return found
        older = self._ask(record_type, name, build)
        return archived.merge(found, older, key=lambda item: item.values["id"])

    def _ask(self, record_type: str, name: str, build: Build) -> list[Found]:
        """An archive's rows, if it holds any of the patient; of a silent one none, and it is a gap."""
        held = hot_and_archived.held(self._session, self._patient_id, record_type)
        if held is None or record_type in self._silent:
            return []
        cold_table = self.cold_reports if record_type == REPORT.name else linked_table
        try:
            return hot_and_archived.read_archived(
                self._session, record_type, name, build, patient_id=self._patient_id, cold_table=cold_table
            )
        except archived.ColdUnavailable:
            self._missed(record_type)
            return []

    def _missed(self, record_type: str) -> None:
        """Name what a silent archive has for this reader: neither what is hidden nor what was entered in error."""
        self._silent.add(record_type)
        held = hot_and_archived.held(self._session, self._patient_id, record_type)
        if held is not None and record_type == VISIT.name:
            told = overview(self._session, self._patient_id, hidden_visits=self._hidden)
            held = replace(held, roots=told.archived)
        if held is not None and held.roots > 0:
            self.gaps.append(held)

    def _may_hold(self, held: Held, period: Period) -> bool:
        start, end = period.bounds(self.zone)
        return period.year is not None and held.begins_at < end and held.last_at >= start

    def within(self, column: Any, period: Period) -> list[Any]:
        if period.year is None:
            return [column.is_(None)]
        start, end = period.bounds(self.zone)
        is_day = column.type.python_type is date
        return [column >= (start.date() if is_day else start), column < (end.date() if is_day else end)]
