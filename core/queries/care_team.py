"""Who cares for a patient, and until when a broken glass opens the patient's record."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.models import AccessEvent, Account, CareTeamMember, GlassBreak, SensitiveVisit, utc_now
from core.queries.believed_events import BY_STAFF

JOINED, LEFT = "care_team.joined", "care_team.left"


@dataclass(frozen=True)
class Member:
    """One clinician on a patient's team."""

    account_id: int
    name: str
    added_at: datetime


def members(session: Session, patient_id: int) -> tuple[Member, ...]:
    """The patient's treatment team, by name."""
    query = (
        select(CareTeamMember.account_id, Account.name, CareTeamMember.added_at)
        .join(Account, Account.id == CareTeamMember.account_id)
        .where(CareTeamMember.patient_id == patient_id)
        .order_by(Account.name, Account.id)
    )
    return tuple(Member(*row) for row in session.execute(query))


@dataclass(frozen=True)
class Change:
    """Somebody joined a team or left it: who did it, when and why."""

    at: datetime
    is_joined: bool
    name: str
    by: str | None
    reason: str | None


def _account_in(target: str | None) -> int:
    number = (target or "").partition(":")[2]
    return int(number) if re.fullmatch("[0-9]{1,18}", number) else 0


def changes(session: Session, patient_id: int, limit: int = 5) -> tuple[Change, ...]:
    """The latest changes of a patient's team that the hot trail holds, the newest first."""
    query = (
        select(AccessEvent)
        .where(AccessEvent.patient_id == patient_id, AccessEvent.action.in_((JOINED, LEFT)), BY_STAFF)
        .order_by(AccessEvent.at.desc(), AccessEvent.id.desc())
        .limit(limit)
    )
    events = session.scalars(query).all()
    if not events:
        return ()
    ids = {event.id: _account_in(event.target) for event in events}
    who = select(Account.id, Account.name).where(Account.id.in_(set(ids.values())))
    names = {row.id: row.name for row in session.execute(who)}
    return tuple(
        Change(event.at, event.action == JOINED, names.get(ids[event.id], ""), event.actor_name, event.purpose)
        for event in events
    )


def glass_open_until(session: Session, account_id: int, patient_id: int) -> datetime | None:
    """When the account's broken glass closes again; None if it is not open."""
    query = select(func.max(GlassBreak.expires_at)).where(
        GlassBreak.account_id == account_id, GlassBreak.patient_id == patient_id, GlassBreak.expires_at > utc_now()
    )
    return session.scalar(query)


def sensitivity(session: Session, visit_id: int) -> str | None:
    """Why a visit is hidden; None if it is not."""
    row = session.get(SensitiveVisit, visit_id)
    return row.category if row is not None else None
