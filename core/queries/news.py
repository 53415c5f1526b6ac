"""What is new in a record since its reader last looked: results outside their range first.

Who has not looked before is told what is new of the last DAYS days. No archive is asked: of results that were archived
since, those that the picture keeps are told, and that other rows of these months are archived is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, Table, or_, select
from sqlalchemy.orm import Session

from core.models import LastLook, ReportState, VisitTie, utc_now
from core.models.record_types import VISIT
from core.picture.values import ABNORMAL
from core.queries.hidden_visits import NO_VISITS, VisitIds, is_visible
from core.queries.newest import newest
from core.queries.results import result_of_value
from core.queries.timeline_items import MAKERS, SOURCES, Item, Kind
from core.services.last_looks import SITTING
from core.stores import hot_and_archived
from core.stores.hot_and_archived import Build, Found

DAYS = 30
LINES_MAX = 12


@dataclass(frozen=True)
class News:
    """What is new since an instant; `is_look`: the reader looked then. `more` counts what is not among the items.

    Until `archived_until`, if that is set, rows that came since may be archived: the history has them.
    """

    since: datetime
    is_look: bool
    items: tuple[Item, ...]
    more: int
    archived_until: datetime | None


def news(
    session: Session, patient_id: int, *, reader: int, now: datetime | None = None, hidden_visits: VisitIds = NO_VISITS
) -> News:
    """What is new to an account in the record, without hidden visits."""
    now = now or utc_now()
    looked = _last_look(session, patient_id, reader, now)
    since = looked or now - timedelta(days=DAYS)
    wanted = _Wanted(patient_id, since, _recorded_visits(session, patient_id, since), hidden_visits)
    items = list(_new(session, wanted))
    held = hot_and_archived.held(session, patient_id, VISIT.name)
    archived_until = held.last_at if held is not None and held.last_at > since else None
    if archived_until is not None:
        items += _archived_results(session, wanted)
    items.sort(key=_place)
    more = max(len(items) - LINES_MAX, 0)
    return News(since, looked is not None, tuple(items[:LINES_MAX]), more, archived_until)


def _last_look(session: Session, patient_id: int, reader: int, now: datetime) -> datetime | None:
    kept = session.get(LastLook, (reader, patient_id))
    if kept is None:
        return None
    return kept.looked_at if now - kept.looked_at > SITTING else kept.before_at


def _recorded_visits(session: Session, patient_id: int, since: datetime) -> list[int]:
    """Visits that were written since, of whatever day they are."""
    query = select(VisitTie.visit_id).where(VisitTie.patient_id == patient_id, VisitTie.recorded_at > since)
    return sorted(session.scalars(query))


def _archived_results(session: Session, wanted: _Wanted) -> Iterator[Item]:
    picture = newest(session, wanted.patient_id, hidden_visits=wanted.hidden_visits)
    for one in picture.assays:
        values = {value.id: value for value in (*one.latest, one.outside) if value is not None}
        for value in values.values():
            if value.id in picture.archived_ids and value.observed_at > wanted.since:
                result = result_of_value(value, one.assay, picture.archived_ids)
                yield Item(
                    Kind.RESULTS, value.id, value.observed_at, result.name, "", True, value.visit_id, value.assay_id,
                    result,
                )  # fmt: skip


@dataclass(frozen=True)
class _Wanted:
    """Of whom, since when, with which visits that were written since, without which."""

    patient_id: int
    since: datetime
    recorded: list[int]
    hidden_visits: VisitIds


def _new(session: Session, wanted: _Wanted) -> Iterator[Item]:
    builds = {kind: _new_rows(kind, wanted) for kind in SOURCES} | {Kind.REPORTS: _new_reports(wanted)}
    names = {kind: SOURCES[kind][0] if kind in SOURCES else "report" for kind in builds}
    queries = {kind: hot_and_archived.hot_query(names[kind], build) for kind, build in builds.items()}
    any_new = hot_and_archived.that_find_any(session, queries)
    for kind, build in builds.items():
        if kind in any_new:
            yield from MAKERS.get(kind, _reports)(session, hot_and_archived.read_hot(session, names[kind], build))


def _new_rows(kind: Kind, wanted: _Wanted) -> Build:
    name, column = SOURCES[kind]

    def build(table: Table, columns: Select[Any]) -> Select[Any]:
        time_column = table.c[column]
        of_visit = table.c.id if name == "visit" else table.c.visit_id
        is_day = time_column.type.python_type is date
        later = time_column > (wanted.since.date() if is_day else wanted.since)
        mine = (table.c.patient_id == wanted.patient_id, is_visible(table, wanted.hidden_visits))
        is_new = or_(later, of_visit.in_(wanted.recorded)) if wanted.recorded else later
        return columns.where(*mine, time_column <= _end(is_day), is_new)

    return build


def _end(is_day: bool) -> Any:
    """Nothing of a day to come is new yet."""
    now = utc_now() + timedelta(days=1)
    return now.date() if is_day else now


def _new_reports(wanted: _Wanted) -> Build:
    def build(table: Table, columns: Select[Any]) -> Select[Any]:
        is_mine = table.c.patient_id == wanted.patient_id
        return columns.where(is_mine, table.c.state == ReportState.SIGNED, table.c.closed_at > wanted.since)

    return build


def _reports(_session: Session, found: list[Found]) -> Iterator[Item]:
    for item in found:
        yield Item(Kind.REPORTS, item.values["id"], item.values["closed_at"], "Health report", "", False)


ORDER = (Kind.RESULTS, Kind.REPORTS, Kind.MEDICINES, Kind.PROBLEMS, Kind.VISITS, Kind.NOTES)


def _place(item: Item) -> tuple[bool, int, float]:
    at = item.at.timestamp() if isinstance(item.at, datetime) else 0.0
    return not is_outside(item), ORDER.index(item.kind), -at


def is_outside(item: Item) -> bool:
    """A result outside its range."""
    return item.result is not None and (item.result.interpretation or "") in ABNORMAL
