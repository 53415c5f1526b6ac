"""Who cares for a patient, and until when a broken glass opens the patient's record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.models import Account, CareTeamMember, GlassBreak, SensitiveVisit, utc_now


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
