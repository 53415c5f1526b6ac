"""Searching the audit trail, hot and archived, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, func, or_, select
from sqlalchemy.orm import Session

from core.models import AccessEvent, ArchiveRun
from core.models.record_types import LOG
from core.queries.hidden_visits import purpose_shown
from core.stores import archived
from core.stores.hot_and_archived import Cursor
from core.stores.tables import linked_table

PAGE_ROWS = 50
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
    """Events, newest first. `silent` names the archive server that did not answer: older events are missing then."""

    events: tuple[Event, ...]
    next: Cursor | None
    silent: str | None = None


def search(session: Session, wanted: Wanted, *, after: Cursor | None = None, limit: int = PAGE_ROWS) -> EventPage:
    """Events that fit, `limit` a page: hot ones from this session's snapshot, older ones from the archive."""
    hot = AccessEvent.__table__
    assert isinstance(hot, Table)  # noqa: S101
    window = archived.window(session, "log")
    found = [_event(row) for row in session.execute(_select(hot, wanted, after, limit)).mappings()]
    older: list[Event] = []
    silent = None
    if window.last and not _is_full(session, found, limit):
        archive = linked_table("access_event")
        query = _select(archive, wanted, after, limit).where(archived.visible(archive, window))
        try:
            older = [_event(row, archived=True) for row in archived.fetch("log", query)]
        except archived.ColdUnavailable as fault:
            silent = fault.server
    merged = sorted(archived.merge(found, older, key=lambda event: event.id), key=lambda e: (e.at, e.id), reverse=True)
    more = len(merged) > limit
    last = merged[limit - 1] if more else None
    return EventPage(tuple(merged[:limit]), Cursor(last.at, last.id) if last else None, silent)


def _is_full(session: Session, found: list[Event], limit: int) -> bool:
    """Whether hot events fill the page, and the archive has none as new as the last of them."""
    if len(found) <= limit:
        return False
    cutoff = select(func.max(ArchiveRun.cutoff_at)).where(ArchiveRun.record_type == LOG.name)
    cutoff_at = session.scalar(cutoff)
    return cutoff_at is not None and found[-1].at >= cutoff_at


def _select(table: Table, wanted: Wanted, after: Cursor | None, limit: int) -> Any:
    columns = [table.c[name] for name in COLUMNS]
    query = select(*columns).where(*_conditions(table, wanted)).order_by(table.c.at.desc(), table.c.id.desc())
    if after is not None:
        earlier = or_(table.c.at < after.at, and_(table.c.at == after.at, table.c.id < after.id))
        query = query.where(table.c.at <= after.at, earlier)
    return query.limit(limit + 1)


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
    if wanted.since:
        conditions.append(table.c.at >= wanted.since)
    if wanted.until:
        conditions.append(table.c.at < wanted.until)
    return conditions


def _event(row: Mapping[Any, Any], *, archived: bool = False) -> Event:
    shown = {name: row[name] for name in COLUMNS} | {"purpose": purpose_shown(row["action"], row["purpose"])}
    return Event(**shown, archived=archived)
