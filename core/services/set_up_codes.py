"""Set-up codes: with one, the person of an account chooses a password, and where codes are required, an app for them.

An admin gives it in person, for a new account, a forgotten password or a lost device. Nobody else ever knows the
password, nor can whoever has only the password begin an account's second factor.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core import audit
from core.access import permissions
from core.access.distrust import distrust
from core.access.permissions import Actor, Right
from core.access.sign_ins import hash_of
from core.models import Account, Passkey, Role, SetUpCode, utc_now
from core.services import accounts, passkeys, second_factor
from core.services.accounts import AccountFault, SignInRefused
from core.services.made_up import made_up

# As random as a recovery code must be, for the same reason.
GROUPS, GROUP_LENGTH = 5, 5


@dataclass(frozen=True)
class MadeCode:
    """A code of about 123 random bits, which is shown once, and until when it is good."""

    code: str
    expires_at: datetime


def make(
    session: Session, *, account_id: int, hours: int, by: Actor | None, is_for_lost_device: bool = False
) -> MadeCode:
    """Make a code for an account; any earlier one is void. The caller must end the account's sign-ins.

    What the person has lost goes when the code is used; passkeys, with which a finder might sign in, go at once.
    Without `by` it is the command. Raises PermissionDenied, AccountFault for one's own account.
    """
    if by is not None:
        permissions.check(by, Right.ACCOUNTS_MANAGE)
        if by.id == account_id:
            raise AccountFault("You can't make a set-up code for yourself: ask another admin.")
    account = session.get_one(Account, account_id)
    session.execute(delete(SetUpCode).where(SetUpCode.account_id == account_id))
    if is_for_lost_device:
        session.execute(delete(Passkey).where(Passkey.account_id == account_id))
    made = MadeCode(made_up(GROUPS, GROUP_LENGTH), utc_now() + timedelta(hours=hours))
    session.add(
        SetUpCode(
            account_id=account_id, code_hash=hash_of(made.code), is_for_lost_device=is_for_lost_device,
            made_by=by.id if by is not None else None, expires_at=made.expires_at,
        )
    )  # fmt: skip
    session.flush()
    distrust(session, account_id)
    audit.record(
        session, "account.set_up_code_made", by=by, target=f"account:{account_id}", patient_id=account.patient_id,
        purpose="lost device" if is_for_lost_device else None,
    )  # fmt: skip
    return made


def find(session: Session, *, username: str, code: str, roles: Collection[Role]) -> tuple[Account, SetUpCode]:
    """The open account of this name, and its code. Raises SignInRefused, whichever is wrong."""
    query = (
        select(Account, SetUpCode)
        .join(SetUpCode, SetUpCode.account_id == Account.id)
        .where(Account.username == username.strip().lower()[:120], SetUpCode.code_hash == hash_of(_typed(code)))
        .where(SetUpCode.expires_at > utc_now())
    )
    found = session.execute(query).one_or_none()
    if found is None or not found[0].active or found[0].role not in roles:
        raise SignInRefused
    return found[0], found[1]


def redeem(
    session: Session, *, account_id: int, code_id: int, password: str, kept_passkeys: Collection[int], needs_app: bool
) -> Account:
    """Give the account the password that its person chose; passkeys that are not kept go.

    The caller must end the account's sign-ins. With `needs_app` the code stays good until `use`, if the account has no
    app yet. Raises SignInRefused when the code is void, AccountFault for a weak password.
    """
    account, is_for_lost_device = _of_code(session, account_id, code_id)
    accounts.set_password(session, account_id=account_id, password=password, by=account)
    passkeys.keep_only(session, account_id=account_id, kept=kept_passkeys, by=account)
    if is_for_lost_device:
        second_factor.remove(session, account_id=account_id, by=account)
    if not needs_app or second_factor.is_on(session, account_id):
        use(session, account_id=account_id, code_id=code_id)
    distrust(session, account_id)
    audit.record(
        session, "account.set_up", by=account, target=f"account:{account_id}", patient_id=account.patient_id
    )  # fmt: skip
    return account


def use(session: Session, *, account_id: int, code_id: int | None) -> None:
    """Take a code away: it has done its work. Raises SignInRefused if there is none, or it has expired."""
    if code_id is None:
        raise SignInRefused
    mine = (SetUpCode.id == code_id, SetUpCode.account_id == account_id, SetUpCode.expires_at > utc_now())
    if session.scalar(delete(SetUpCode).where(*mine).returning(SetUpCode.id)) is None:
        raise SignInRefused


def _of_code(session: Session, account_id: int, code_id: int) -> tuple[Account, bool]:
    mine = (SetUpCode.id == code_id, SetUpCode.account_id == account_id, SetUpCode.expires_at > utc_now())
    is_for_lost_device = session.scalar(select(SetUpCode.is_for_lost_device).where(*mine))
    account = session.get(Account, account_id)
    if is_for_lost_device is None or account is None or not account.active:
        raise SignInRefused
    return account, is_for_lost_device


def _typed(code: str) -> str:
    """What was typed, as it was made: hyphens may be left out."""
    letters = "".join(letter for letter in code.lower() if letter.isalnum())
    return "-".join(letters[start : start + GROUP_LENGTH] for start in range(0, len(letters), GROUP_LENGTH))
