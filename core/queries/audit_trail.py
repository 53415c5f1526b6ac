"""Searching the audit trail, hot and archived, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, func, or_, select
from sqlalchemy.orm import Session

from core.models import AccessEvent, ArchiveRun
from core.models.record_types import LOG
from core.queries.hidden_visits import purpose_shown
from core.stores import archived
from core.stores.hot_and_archived import Cursor
from core.stores.tables import linked_table

PAGE_ROWS = 50
# Where no index has what is asked for, a page looks at so many events of each tier, and says how far it came.
EVENTS_LOOKED_AT = 50_000
COLUMNS = (
    "id", "at", "portal", "action", "outcome", "account_id", "actor_name", "actor_role", "patient_id", "target",
    "purpose", "address", "request_id",
)  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """What to look for; None asks for all. `person` is part of a name; `action` is `thing` or `thing.verb`."""

    person: str | None = None
    role: str | None = None
    patient_id: int | None = None
    action: str | None = None
    outcome: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_sparse(self) -> bool:
        """Whether events that fit may lie far apart in time, with no index that has them together."""
        return self.patient_id is None and any((self.person, self.role, self.action, self.outcome))


@dataclass(frozen=True)
class Event:
    """One line of the trail. `archived` tells that it was read from the archive."""

    id: int
    at: datetime
    portal: str
    action: str
    outcome: str
    account_id: int | None
    actor_name: str | None
    actor_role: str | None
    patient_id: int | None
    target: str | None
    purpose: str | None
    address: str | None
    request_id: str | None
    archived: bool = False


@dataclass(frozen=True)
class EventPage:
    """Events, newest first. `silent` names the archive server that did not answer: older events are missing then.

    `looked_to` is set if the page ends because it had looked at enough events, and not because it was full.
    """

    events: tuple[Event, ...]
    next: Cursor | None
    silent: str | None = None
    looked_to: datetime | None = None


def search(session: Session, wanted: Wanted, *, after: Cursor | None = None, limit: int = PAGE_ROWS) -> EventPage:
    """Events that fit, `limit` a page: hot ones from this session's snapshot, older ones from the archive."""
    hot = AccessEvent.__table__
    assert isinstance(hot, Table)  # noqa: S101
    window = archived.window(session, "log")
    floor = session.scalar(_floor(hot, wanted, after)) if wanted.is_sparse else None
    query = _select(hot, wanted, after, limit)
    found = [_event(row) for row in session.execute(_from(query, hot, floor)).mappings()]
    older: list[Event] = []
    silent = None
    if window.last and not _is_full(session, found, limit, floor):
        try:
            older, far = _archived(wanted, after, limit, window)
            floor = max(filter(None, (floor, far)), default=None)
        except archived.ColdUnavailable as fault:
            silent = fault.server
    both = archived.merge(found, older, key=lambda event: event.id)
    return _page([one for one in both if floor is None or one.at >= floor], limit, silent, floor)


def _page(found: list[Event], limit: int, silent: str | None, floor: datetime | None) -> EventPage:
    merged = sorted(found, key=lambda e: (e.at, e.id), reverse=True)
    if len(merged) > limit:
        last = merged[limit - 1]
        return EventPage(tuple(merged[:limit]), Cursor(last.at, last.id), silent)
    return EventPage(tuple(merged), Cursor(floor, 0) if floor is not None else None, silent, floor)


def _archived(wanted: Wanted, after: Cursor | None, limit: int, window: Any) -> tuple[list[Event], datetime | None]:
    """Archived events, and how far back was looked for them. Raises ColdUnavailable."""
    table = linked_table("access_event")
    visible, floor = archived.visible(table, window), None
    if wanted.is_sparse:
        far = list(archived.fetch("log", _floor(table, wanted, after).where(visible)))
        floor = far[0]["at"] if far else None
    query = _from(_select(table, wanted, after, limit).where(visible), table, floor)
    return [_event(row, archived=True) for row in archived.fetch("log", query)], floor


def _floor(table: Table, wanted: Wanted, after: Cursor | None) -> Select[Any]:
    """The instant of the last event that this page looks at; none if there are fewer."""
    query = select(table.c.at).where(*_span(table, wanted), *_earlier(table, after))
    return query.order_by(table.c.at.desc(), table.c.id.desc()).offset(EVENTS_LOOKED_AT).limit(1)


def _from(query: Select[Any], table: Table, floor: datetime | None) -> Select[Any]:
    return query if floor is None else query.where(table.c.at >= floor)


def _is_full(session: Session, found: list[Event], limit: int, floor: datetime | None) -> bool:
    """Whether hot events fill the page, or are all it looks at, and the archive has none as new as the last of them."""
    if len(found) <= limit and floor is None:
        return False
    last_at = found[-1].at if len(found) > limit else floor
    cutoff = select(func.max(ArchiveRun.cutoff_at)).where(ArchiveRun.record_type == LOG.name)
    cutoff_at = session.scalar(cutoff)
    return cutoff_at is not None and last_at is not None and last_at >= cutoff_at


def _select(table: Table, wanted: Wanted, after: Cursor | None, limit: int) -> Select[Any]:
    columns = [table.c[name] for name in COLUMNS]
    query = select(*columns).where(*_conditions(table, wanted), *_earlier(table, after))
    return query.order_by(table.c.at.desc(), table.c.id.desc()).limit(limit + 1)


def _earlier(table: Table, after: Cursor | None) -> list[ColumnElement[bool]]:
    if after is None:
        return []
    earlier = or_(table.c.at < after.at, and_(table.c.at == after.at, table.c.id < after.id))
    return [table.c.at <= after.at, earlier]


def _conditions(table: Table, wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.person:
        conditions.append(table.c.actor_name.icontains(wanted.person, autoescape=True))
    if wanted.action:
        begins = table.c.action.startswith(wanted.action + ".", autoescape=True)
        conditions.append(or_(table.c.action == wanted.action, begins))
    if wanted.role:
        conditions.append(table.c.actor_role == wanted.role)
    for name in ("patient_id", "outcome"):
        value = getattr(wanted, name)
        if value is not None:
            conditions.append(table.c[name] == value)
    return conditions + _span(table, wanted)


def _span(table: Table, wanted: Wanted) -> list[ColumnElement[bool]]:
    since = [table.c.at >= wanted.since] if wanted.since else []
    return since + ([table.c.at < wanted.until] if wanted.until else [])


def _event(row: Mapping[Any, Any], *, archived: bool = False) -> Event:
    shown = {name: row[name] for name in COLUMNS} | {"purpose": purpose_shown(row["action"], row["purpose"])}
    return Event(**shown, archived=archived)
