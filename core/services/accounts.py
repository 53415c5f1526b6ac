"""Accounts and their passwords: making accounts, and finding the account of a name and password."""

from __future__ import annotations

import threading
from collections.abc import Collection
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.access.distrust import distrust
from core.access.permissions import Actor
from core.models import Account, Credential, Role, utc_now
from core.services import password_policy

# OWASP's minimum for argon2id. One hash takes about 20 ms and 19 MiB, so only a few may be computed at once.
hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
hashing = threading.BoundedSemaphore(2)
HASH_WAIT_SECONDS = 1


class AccountFault(Exception):
    """The account can't be made or changed like that; the message says what to mend."""


class SignInRefused(Exception):
    """The name or the password is wrong, or the account may not use this portal; the message must not say which."""


class TooManyAttempts(Exception):
    """Too many wrong passwords: `seconds` to wait."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many attempts, wait {seconds} s")
        self.seconds = seconds


def create_account(
    session: Session,
    *,
    username: str,
    password: str | None,
    role: Role,
    name: str,
    patient_id: int | None = None,
    practitioner_id: int | None = None,
    covers_all: bool = False,
    by: Actor | None = None,
) -> Account:
    """Make an account; without a password it is set up later, by a set-up code.

    Raises AccountFault for a taken name, a weak password, a patient's role without a patient, a patient's second one.
    """
    username = _clean_username(username)
    if (role is Role.PATIENT) != (patient_id is not None):
        raise AccountFault("A patient's account belongs to one patient; a staff account to none.")
    if session.scalar(select(Account.id).where(Account.username == username)) is not None:
        raise AccountFault(f"The user name {username} is taken. Choose another.")
    if patient_id is not None and _accounts_of(session, patient_id):
        # A second one would read the record as the patient does, and unseen by the patient.
        raise AccountFault("This patient has an account already. Make a new set-up code for that one.")
    account = Account(
        username=username,
        role=role,
        name=name,
        patient_id=patient_id,
        practitioner_id=practitioner_id,
        covers_all=covers_all,
    )
    session.add(account)
    session.flush()
    if password is not None:
        _keep_password(session, account, password)
    audit.record(session, "account.created", by=by, target=f"account:{account.id}", patient_id=patient_id)
    return account


def set_password(session: Session, *, account_id: int, password: str, by: Actor | None = None) -> Account:
    """Give an account a new password; the caller must end its sign-ins. Raises AccountFault."""
    account = session.get_one(Account, account_id)
    _keep_password(session, account, password)
    audit.record(session, "account.password_set", by=by, target=f"account:{account.id}")
    return account


def set_active(session: Session, *, account_id: int, active: bool, by: Actor | None = None) -> Account:
    """Let an account sign in, or stop it; the caller must end its sign-ins.

    Raises AccountFault rather than open a second account of a patient.
    """
    account = session.get_one(Account, account_id, with_for_update=True)
    if active and account.patient_id is not None:
        others = [other for other in _accounts_of(session, account.patient_id) if other.id != account_id]
        if any(other.active for other in others):
            raise AccountFault("This patient has another account that is open: a patient has one.")
    account.active = active
    distrust(session, account_id)
    audit.record(session, f"account.{'opened' if active else 'closed'}", by=by, target=f"account:{account.id}")
    return account


def verify_password(session: Session, account_id: int, password: str) -> bool:
    """Whether this is the account's password. Raises TooManyAttempts while too many passwords are being checked."""
    kept = session.get(Credential, account_id)
    return matches(kept.password_hash if kept is not None else _nobodys_hash(), password)


def authenticate(session: Session, *, username: str, password: str, roles: Collection[Role]) -> Account:
    """The active account with this name, password and one of these roles.

    Raises SignInRefused, after the same work whichever is wrong, or TooManyAttempts (counted over all accounts).
    """
    named = select(Account).where(Account.username == username.strip().lower()[:120])
    account = session.scalar(named)
    kept = session.get(Credential, account.id) if account is not None else None
    right = matches(kept.password_hash if kept is not None else _nobodys_hash(), password[: password_policy.LENGTH_MAX])
    if account is None or kept is None or not right or not account.active or account.role not in roles or _ended(kept):
        raise SignInRefused
    if hasher.check_needs_rehash(kept.password_hash):
        kept.password_hash = hasher.hash(password)
    return account


def _ended(kept: Credential) -> bool:
    """Whether the password was given out by somebody else, and never changed in the time for it."""
    return kept.given_until is not None and kept.given_until <= utc_now()


def matches(stored: str, password: str) -> bool:
    """Whether a hash is of this password. Raises TooManyAttempts while too many passwords are being checked."""
    if not hashing.acquire(timeout=HASH_WAIT_SECONDS):
        raise TooManyAttempts(HASH_WAIT_SECONDS)
    try:
        return hasher.verify(stored, password)
    except (Argon2Error, InvalidHashError):
        return False
    finally:
        hashing.release()


@cache
def _nobodys_hash() -> str:
    return hasher.hash("nobody's password")


def _accounts_of(session: Session, patient_id: int) -> list[Account]:
    return list(session.scalars(select(Account).where(Account.patient_id == patient_id)))


def _keep_password(session: Session, account: Account, password: str) -> None:
    hashed = _hash(password, account.username, account.name)
    kept = session.get(Credential, account.id, with_for_update=True)
    if kept is None:
        session.add(Credential(account_id=account.id, password_hash=hashed, password_changed_at=utc_now()))
    else:
        kept.password_hash, kept.password_changed_at, kept.given_until = hashed, utc_now(), None
    session.flush()


def _hash(password: str, username: str, name: str) -> str:
    fault = password_policy.fault(password, username, name)
    if fault is not None:
        raise AccountFault(fault)
    return hasher.hash(password)


def _clean_username(username: str) -> str:
    cleaned = username.strip().lower()
    if not cleaned or len(cleaned) > 120 or not cleaned.isprintable() or any(char.isspace() for char in cleaned):
        raise AccountFault("Use a user name of 1 to 120 letters, digits or signs, without spaces.")
    return cleaned
