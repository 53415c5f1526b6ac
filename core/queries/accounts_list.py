"""Accounts, as an admin lists them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter

from sqlalchemy import not_, or_, select
from sqlalchemy.orm import Session

from core.engines.folded_names import fold, folded
from core.models import Account, Practitioner, Role, SetUpCode, utc_now

PAGE_ROWS = 50
# What a page's start begins with where those found by name have begun; no user name does.
BY_NAME = "~"


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
    """Accounts by user name, or those that fit a text; `next` is where the next page starts, None on the last."""

    accounts: tuple[AccountLine, ...]
    next: str | None


def accounts(
    session: Session, *, text: str = "", role: str | None = None, after: str | None = None, limit: int = PAGE_ROWS
) -> AccountPage:
    """Accounts whose user name begins with `text`, by user name; then the others whose name does, by name.

    Each of these is a range of an index, however many accounts there are.
    """
    last_by_name = after.removeprefix(BY_NAME) if after is not None and after.startswith(BY_NAME) else None
    rows = [] if last_by_name is not None else _by_username(session, text, role, after, limit + 1)
    by_name_from = len(rows)
    if text and len(rows) <= limit:
        rows += _by_name(session, text, role, last_by_name, limit + 1 - len(rows))
    following = None
    if len(rows) > limit:
        following = (BY_NAME if limit > by_name_from else "") + rows[limit - 1].username
    until = _codes_of(session, rows)
    return AccountPage(tuple(_line(row, until.get(row.id)) for row in rows[:limit]), following)


def _codes_of(session: Session, rows: list[Account]) -> dict[int, datetime]:
    """Until when the set-up codes of these accounts can be used, of those that have one."""
    ids = [row.id for row in rows]
    codes = select(SetUpCode.account_id, SetUpCode.expires_at)
    found = session.execute(codes.where(SetUpCode.account_id.in_(ids), SetUpCode.expires_at > utc_now()))
    return {row.account_id: row.expires_at for row in found}


def _by_username(session: Session, text: str, role: str | None, after: str | None, most: int) -> list[Account]:
    query = select(Account).order_by(Account.username).limit(most)
    if text:
        query = query.where(Account.username.startswith(text.lower(), autoescape=True))
    if role:
        query = query.where(Account.role == role)
    if after is not None:
        query = query.where(Account.username > after)
    return list(session.scalars(query))


def _by_name(session: Session, text: str, role: str | None, after: str | None, most: int) -> list[Account]:
    """Role by role: the index has the names of each together."""
    name, begins = folded(Account.name), fold(text)
    last = session.scalar(select(name).where(Account.username == after)) if after is not None else None
    found: list[tuple[str, str, Account]] = []
    for one in [role] if role else list(Role) if begins else []:
        query = select(Account, name).where(Account.role == one, name.startswith(begins, autoescape=True))
        query = query.where(not_(Account.username.startswith(text.lower(), autoescape=True)))
        if last is not None:
            query = query.where(name >= last, or_(name > last, Account.username > after))
        rows = session.execute(query.order_by(name, Account.username).limit(most))
        found += [(folded_name, row.username, row) for row, folded_name in rows]
    return [row for *_, row in sorted(found, key=itemgetter(0, 1))[:most]]


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
