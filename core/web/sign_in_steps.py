"""The steps of signing in: the password, then a code where one is asked for; or a set-up code, and what it sets up."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from flask import current_app, session
from sqlalchemy.orm import Session

from core import audit
from core.access.sign_in_copies import AccountCopy
from core.models import Account, Credential, Passkey, utc_now
from core.services import accounts, passkeys, second_factor, set_up_codes
from core.stores import databases
from core.stores.databases import Store
from core.web import auth, guessing, slowing
from core.web.portal import portal

WAITING, SECRET = "waiting", "new_secret"
WAITING_MINUTES = 5
# Somebody may have to install an app first.
SET_UP_MINUTES = 20

Checked = TypeVar("Checked")


class Left(StrEnum):
    """What is left to do once the password was right."""

    NOTHING = "nothing"
    CODE = "code"
    # Without a set-up code nobody sets up an app here: whoever knows the password alone could be first.
    SET_UP_CODE = "set-up code"
    PASSWORD = "password"  # noqa: S105 - no password
    SET_UP = "set-up"


def sign_in(username: str, password: str) -> Left:
    """Begin a new sign-in, with a new token, for the account with this name and password, or say what is left to do.

    Raises SignInRefused, TooManyAttempts, or SQLAlchemyError when the primary can't be written.
    """
    counts = slowing.guesses("sign_in", username)
    try:
        with databases.write() as store:
            account = accounts.authenticate(
                store, username=username, password=password, roles=portal(current_app).roles
            )
            left = _go_on(store, account)
    except accounts.SignInRefused:
        counts.failed()
        guessing.failed()
        with databases.write() as store:
            audit.record(store, "account.sign_in_refused", by=None, outcome="deny")
        raise
    counts.succeeded()
    return left


def give_set_up_code(username: str, code: str) -> None:
    """Have the person with this set-up code choose a password next. Raises SignInRefused, TooManyAttempts."""
    try:
        with slowing.slowed("set_up_code", username, accounts.SignInRefused), databases.write() as store:
            account, found = set_up_codes.find(store, username=username, code=code, roles=portal(current_app).roles)
            _wait(store, account, Left.PASSWORD, found.id)
    except accounts.SignInRefused:
        guessing.failed()
        with databases.write() as store:
            audit.record(store, "account.set_up_code_refused", by=None, outcome="deny")
        raise


def choose_password(password: str, kept_passkeys: Collection[int]) -> Left:
    """Set up the waiting person's account; every sign-in of it ends. Returns what is left to do.

    Raises AccountFault for a weak password, SignInRefused when nobody waits or the code is void.
    """
    waiting = _waiting()
    if waiting is None or waiting["left"] != Left.PASSWORD:
        raise accounts.SignInRefused
    with databases.write() as store:
        account = set_up_codes.redeem(
            store, account_id=waiting["account"], code_id=waiting["code"], password=password,
            kept_passkeys=kept_passkeys, needs_app=portal(current_app).needs_second_factor,
        )  # fmt: skip
        auth.sign_ins().end_all(store, account.id)
        return _go_on(store, account, waiting["code"])


def waiting_passkeys() -> list[Passkey]:
    """The passkeys of the person who chooses a password."""
    waiting = _waiting()
    if waiting is None:
        return []
    with databases.read(Store.HOT) as store:
        return passkeys.of_account(store, waiting["account"])


def left_to_do() -> Left:
    """What someone whose password was right must still do; nothing if nobody waits."""
    waiting = _waiting()
    return Left(waiting["left"]) if waiting is not None else Left.NOTHING


def waiting_username() -> str:
    """The user name of the person who must still give a code."""
    waiting = _waiting()
    return waiting["username"] if waiting is not None else ""


def new_secret() -> str:
    """A secret for an authenticator app, the same until it is set up.

    The sign-in keeps a seed of it alone: other processes read sign-ins.
    """
    if SECRET not in session:
        session[SECRET] = second_factor.new_secret()
    return second_factor.secret_from(str(session[SECRET]), str(current_app.secret_key))


def forget_secret() -> None:
    """Forget the secret once it is set up: the next set-up gets a new one."""
    session.pop(SECRET, None)


def complete(check: Callable[[Session, Account], Checked]) -> Checked:
    """Begin the waiting sign-in unless `check` raises WrongCode; return what `check` returns.

    Raises also SignInRefused when nobody waits, the account has changed or the set-up code is void; TooManyAttempts.
    """
    waiting = _waiting()
    if waiting is None:
        raise accounts.SignInRefused
    try:
        with slowed(waiting["username"]), databases.write() as store:
            account = store.get(Account, waiting["account"])
            if account is None or not account.active or waiting["changed_at"] != _changed_at(store, account):
                raise accounts.SignInRefused
            done = check(store, account)
            if waiting["left"] == Left.SET_UP:
                set_up_codes.use(store, account_id=account.id, code_id=waiting.get("code"))
            auth.begin(store, account, AccountCopy.of(account), by_factor=True)
            audit.record(store, "account.signed_in", by=account)
    except second_factor.WrongCode:
        guessing.failed()
        with databases.write() as store:
            by = store.get(Account, waiting["account"])
            audit.record(store, "account.code_refused", by=by, outcome="deny")
        raise
    return done


def slowed(username: str) -> AbstractContextManager[None]:
    """Count a WrongCode as a guess at the account's codes. Raises TooManyAttempts."""
    return slowing.slowed("second_factor", username, second_factor.WrongCode)


def _go_on(store: Session, account: Account, code_id: int | None = None) -> Left:
    """Begin the sign-in of an account that has proved its password, or wait for what is left to do."""
    if second_factor.is_on(store, account.id):
        left = Left.CODE
    elif portal(current_app).needs_second_factor:
        left = Left.SET_UP if code_id is not None else Left.SET_UP_CODE
    else:
        auth.begin(store, account, AccountCopy.of(account))
        audit.record(store, "account.signed_in", by=account)
        return Left.NOTHING
    _wait(store, account, left, code_id)
    return left


def _wait(store: Session, account: Account, left: Left, code_id: int | None = None) -> None:
    """Remember, in the signed cookie, who has proved what; no sign-in has begun yet."""
    session.clear()
    session[WAITING] = {
        "account": account.id,
        "username": account.username,
        "changed_at": _changed_at(store, account),
        "left": left.value,
        "code": code_id,
        "at": utc_now().isoformat(),
    }


def _changed_at(store: Session, account: Account) -> str:
    """When the password was set: a sign-in that waits ends if the password is changed meanwhile."""
    kept = store.get(Credential, account.id)
    return kept.password_changed_at.isoformat() if kept is not None else ""


def _waiting() -> dict[str, Any] | None:
    waiting: dict[str, Any] | None = session.get(WAITING)
    if waiting is None or auth.account_or_none() is not None:
        return None
    minutes = SET_UP_MINUTES if waiting["left"] in (Left.PASSWORD, Left.SET_UP) else WAITING_MINUTES
    late = utc_now() - datetime.fromisoformat(waiting["at"]) > timedelta(minutes=minutes)
    return None if late else waiting
