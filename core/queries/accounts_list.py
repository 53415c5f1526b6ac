"""Accounts, as an admin lists them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from core.models import Account, Practitioner, SetUpCode, utc_now

PAGE_ROWS = 50


@dataclass(frozen=True)
class AccountLine:
    """One account; `patient_id` is set for a patient's, `set_up_until` while it has a set-up code."""

    id: int
    username: str
    name: str
    role: str
    active: bool
    patient_id: int | None
    created_at: datetime
    covers_all: bool
    duty_reason: str | None
    set_up_until: datetime | None


@dataclass(frozen=True)
class AccountPage:
    """Accounts by user name; `next` is the user name that the next page starts after, None on the last."""

    accounts: tuple[AccountLine, ...]
    next: str | None


def accounts(
    session: Session, *, text: str = "", role: str | None = None, after: str | None = None, limit: int = PAGE_ROWS
) -> AccountPage:
    """Accounts whose user name or name begins with `text`."""
    query = select(Account).order_by(Account.username).limit(limit + 1)
    if text:
        begins = text.lower()
        query = query.where(
            or_(
                Account.username.startswith(begins, autoescape=True),
                func.lower(Account.name).startswith(begins, autoescape=True),
            )
        )
    if role:
        query = query.where(Account.role == role)
    if after is not None:
        query = query.where(Account.username > after)
    rows = list(session.scalars(query))
    following = rows[limit - 1].username if len(rows) > limit else None
    codes = select(SetUpCode.account_id, SetUpCode.expires_at).where(
        SetUpCode.account_id.in_([row.id for row in rows]), SetUpCode.expires_at > utc_now()
    )
    until = {row.account_id: row.expires_at for row in session.execute(codes)}
    return AccountPage(tuple(_line(row, until.get(row.id)) for row in rows[:limit]), following)


def account(session: Session, account_id: int) -> AccountLine | None:
    """One account, or None."""
    row = session.get(Account, account_id)
    return _line(row) if row is not None else None


def practitioners(session: Session) -> tuple[tuple[int, str], ...]:
    """Ids and names of practitioners, for a clinician's account."""
    query = select(Practitioner.id, Practitioner.name).order_by(Practitioner.name, Practitioner.id).limit(500)
    return tuple((row.id, row.name) for row in session.execute(query))


def _line(row: Account, set_up_until: datetime | None = None) -> AccountLine:
    return AccountLine(
        row.id, row.username, row.name, row.role, row.active, row.patient_id, row.created_at, row.covers_all,
        row.duty_reason, set_up_until,
    )  # fmt: skip
