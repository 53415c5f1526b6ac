"""What is new in a record since its reader last looked: results outside their range first.

A look is known by its access event. Events leave the primary after some days, so an older look is not known: then
what is new is told of the last DAYS days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, Table, func, or_, select
from sqlalchemy.orm import Session

from core.models import AccessEvent, ReportState, utc_now
from core.picture.values import ABNORMAL
from core.queries.hidden_visits import NO_VISITS, VisitIds, is_visible
from core.queries.timeline_items import MAKERS, SOURCES, Item, Kind
from core.stores import hot_and_archived

DAYS = 30
LINES_MAX = 12
# Looks of one sitting are one look.
SITTING = timedelta(minutes=30)
LOOKS = (
    "chart.viewed", "history.viewed", "visits.viewed", "results.viewed",
    "history.read", "visits.read", "results.read", "record.read",
)  # fmt: skip


@dataclass(frozen=True)
class News:
    """What is new since an instant; `is_look`: the reader looked then. `more` counts what is not among the items."""

    since: datetime
    is_look: bool
    items: tuple[Item, ...]
    more: int


def news(
    session: Session, patient_id: int, *, reader: int, now: datetime | None = None, hidden_visits: VisitIds = NO_VISITS
) -> News:
    """What is new to an account in the record, without hidden visits. Reads hot rows: what is new is not archived."""
    now = now or utc_now()
    looked = _last_look(session, patient_id, reader, now - SITTING)
    since = looked or now - timedelta(days=DAYS)
    wanted = _Wanted(patient_id, since, _recorded_visits(session, patient_id, since), hidden_visits)
    items = [item for kind in SOURCES for item in _new(session, kind, wanted)]
    items += _reports(session, patient_id, since)
    items.sort(key=_place)
    return News(since, looked is not None, tuple(items[:LINES_MAX]), max(len(items) - LINES_MAX, 0))


def _last_look(session: Session, patient_id: int, reader: int, before: datetime) -> datetime | None:
    mine = (AccessEvent.account_id == reader, AccessEvent.patient_id == patient_id)
    looks = (AccessEvent.action.in_(LOOKS), AccessEvent.outcome == "allow", AccessEvent.at < before)
    return session.scalar(select(func.max(AccessEvent.at)).where(*mine, *looks))


def _recorded_visits(session: Session, patient_id: int, since: datetime) -> list[int]:
    """Visits that were written since, of whatever day they are."""
    query = select(AccessEvent.target).where(
        AccessEvent.patient_id == patient_id, AccessEvent.action == "visit.recorded", AccessEvent.at > since
    )
    return sorted({int(target.partition(":")[2]) for target in session.scalars(query) if target})


@dataclass(frozen=True)
class _Wanted:
    """Of whom, since when, with which visits that were written since, without which."""

    patient_id: int
    since: datetime
    recorded: list[int]
    hidden_visits: VisitIds


def _new(session: Session, kind: Kind, wanted: _Wanted) -> list[Item]:
    name, column = SOURCES[kind]

    def build(table: Table, columns: Select[Any]) -> Select[Any]:
        time_column = table.c[column]
        of_visit = table.c.id if name == "visit" else table.c.visit_id
        is_day = time_column.type.python_type is date
        later = time_column > (wanted.since.date() if is_day else wanted.since)
        mine = (table.c.patient_id == wanted.patient_id, is_visible(table, wanted.hidden_visits))
        is_new = or_(later, of_visit.in_(wanted.recorded)) if wanted.recorded else later
        return columns.where(*mine, time_column <= _end(is_day), is_new)

    return list(MAKERS[kind](session, hot_and_archived.read_hot(session, name, build)))


def _end(is_day: bool) -> Any:
    """Nothing of a day to come is new yet."""
    now = utc_now() + timedelta(days=1)
    return now.date() if is_day else now


def _reports(session: Session, patient_id: int, since: datetime) -> list[Item]:
    def build(table: Table, columns: Select[Any]) -> Select[Any]:
        return columns.where(
            table.c.patient_id == patient_id, table.c.state == ReportState.SIGNED, table.c.closed_at > since
        )

    found = hot_and_archived.read_hot(session, "report", build)
    return [
        Item(Kind.REPORTS, item.values["id"], item.values["closed_at"], "Health report", "", False) for item in found
    ]


ORDER = (Kind.RESULTS, Kind.REPORTS, Kind.MEDICINES, Kind.PROBLEMS, Kind.VISITS, Kind.NOTES)


def _place(item: Item) -> tuple[bool, int, float]:
    at = item.at.timestamp() if isinstance(item.at, datetime) else 0.0
    return not is_outside(item), ORDER.index(item.kind), -at


def is_outside(item: Item) -> bool:
    """A result outside its range."""
    return item.result is not None and (item.result.interpretation or "") in ABNORMAL
