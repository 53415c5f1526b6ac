"""What lately happened to the ways in which an account signs in, for the person whose account it is.

Read from the trail's hot events: an older one has moved to the archive, and is not looked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from core.models import AccessEvent, Account, Role, utc_now
from core.queries.believed_events import BY_STAFF

SIGNED_IN = "account.signed_in"
CHANGES: Mapping[str, str] = {
    "account.password_set": "The password was changed",
    "account.set_up": "A set-up code was used",
    "account.second_factor_set": "An authenticator app was set up",
    "account.second_factor_removed": "Codes of the app were turned off",
    "account.recovery_codes_made": "New recovery codes were made",
    "account.recovery_code_used": "A recovery code was used",
    "account.passkey_added": "A passkey was added",
    "account.passkey_removed": "A passkey was removed",
}
SHOWN_MAX = 20
TOLD_FOR = timedelta(days=7)
# What somebody did at this address just before signing in is their own set-up.
JUST_NOW = timedelta(minutes=15)


@dataclass(frozen=True)
class Happened:
    """One sign-in or change: when, what in words, and from which address."""

    at: datetime
    what: str
    address: str | None


def history(session: Session, account_id: int) -> list[Happened]:
    """The account's latest sign-ins and changes, the newest first."""
    words = {**CHANGES, SIGNED_IN: "Signed in"}
    query = select(AccessEvent.at, AccessEvent.action, AccessEvent.address).where(
        *_own(session, account_id), AccessEvent.action.in_(words), AccessEvent.outcome == "allow"
    )
    found = session.execute(query.order_by(AccessEvent.at.desc(), AccessEvent.id.desc()).limit(SHOWN_MAX))
    return [Happened(at, words[action], address) for at, action, address in found]


def _own(session: Session, account_id: int) -> tuple[ColumnElement[bool], ...]:
    """Events of this account; of staff's, those of the portal where they sign in."""
    account = session.get(Account, account_id)
    mine = AccessEvent.account_id == account_id
    return (mine,) if account is None or account.role == Role.PATIENT else (mine, BY_STAFF)


def to_tell(session: Session, account_id: int, address: str | None) -> Sequence[str]:
    """The kinds of change of the last days, in words, without what was done from this address just now."""
    now = utc_now()
    query = select(AccessEvent.action, AccessEvent.at, AccessEvent.address).where(
        *_own(session, account_id), AccessEvent.action.in_(CHANGES), AccessEvent.outcome == "allow",
        AccessEvent.at > now - TOLD_FOR,
    )  # fmt: skip
    rows = session.execute(query.order_by(AccessEvent.at)).all()
    told = [CHANGES[row.action] for row in rows if row.address != address or row.at < now - JUST_NOW]
    return list(dict.fromkeys(told))
