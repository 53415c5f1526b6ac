"""Accounts, as an admin lists them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, undefer_group

from core.models import Account, Practitioner

PAGE_ROWS = 50


@dataclass(frozen=True)
class AccountLine:
    """One account; `patient_id` is set for a patient's."""

    id: int
    username: str
    name: str
    role: str
    active: bool
    patient_id: int | None
    created_at: datetime
    covers_all: bool
    has_second_factor: bool


@dataclass(frozen=True)
class AccountPage:
    """Accounts by user name; `next` is the user name that the next page starts after, None on the last."""

    accounts: tuple[AccountLine, ...]
    next: str | None


def accounts(
    session: Session, *, text: str = "", role: str | None = None, after: str | None = None, limit: int = PAGE_ROWS
) -> AccountPage:
    """Accounts whose user name or name begins with `text`."""
    query = select(Account).options(undefer_group("secrets")).order_by(Account.username).limit(limit + 1)
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
    return AccountPage(tuple(_line(row) for row in rows[:limit]), following)


def account(session: Session, account_id: int) -> AccountLine | None:
    """One account, or None."""
    row = session.get(Account, account_id)
    return _line(row) if row is not None else None


def practitioners(session: Session) -> tuple[tuple[int, str], ...]:
    """Ids and names of practitioners, for a clinician's account."""
    query = select(Practitioner.id, Practitioner.name).order_by(Practitioner.name, Practitioner.id).limit(500)
    return tuple((row.id, row.name) for row in session.execute(query))


def _line(row: Account) -> AccountLine:
    return AccountLine(
        row.id, row.username, row.name, row.role, row.active, row.patient_id, row.created_at, row.covers_all,
        row.totp_secret is not None,
    )  # fmt: skip
