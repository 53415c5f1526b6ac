"""Who looked at a patient's record: the recent access events, as the patient may see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Table, or_, select
from sqlalchemy.orm import Session

from core.models import AccessEvent
from core.models.record_types import LOG
from core.stores import hot_and_archived
from core.stores.hot_and_archived import Cursor, Held
from core.stores.tables import hot_table

PAGE_ROWS = 50
# What an account does that its person is always told: somebody else may have been behind it.
ALWAYS_TOLD = ("account.set_up",)


@dataclass(frozen=True)
class Look:
    """One look at, or change of, the record; `name` is None when it was the system itself."""

    id: int
    at: datetime
    account_id: int | None
    name: str | None
    role: str | None
    action: str
    target: str | None
    purpose: str | None


@dataclass(frozen=True)
class Looks:
    """A page of looks, newest first; `held` is what the archive holds of older ones."""

    looks: tuple[Look, ...]
    held: Held | None
    next: Cursor | None


def looks(
    session: Session,
    patient_id: int,
    *,
    leave_out_account: int | None = None,
    after: Cursor | None = None,
    limit: int = PAGE_ROWS,
) -> Looks:
    """Allowed looks and changes of this patient's record, newest first; without one account's own, if asked."""
    table: Table = hot_table(AccessEvent.__tablename__)
    query = select(AccessEvent).where(AccessEvent.patient_id == patient_id, AccessEvent.outcome == "allow")
    if leave_out_account is not None:
        by_others = AccessEvent.account_id.is_distinct_from(leave_out_account)
        query = query.where(or_(by_others, AccessEvent.action.in_(ALWAYS_TOLD)))
    if after is not None:
        query = after.after(query, table, "at")
    rows = list(session.scalars(query.order_by(AccessEvent.at.desc(), AccessEvent.id.desc()).limit(limit + 1)))
    shown = rows[:limit]
    return Looks(
        looks=tuple(
            Look(row.id, row.at, row.account_id, row.actor_name, row.actor_role, row.action, row.target, row.purpose)
            for row in shown
        ),
        held=hot_and_archived.held(session, patient_id, LOG.name),
        next=Cursor(shown[-1].at, shown[-1].id) if len(rows) > limit else None,
    )
