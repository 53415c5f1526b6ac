"""The steps of signing in: the password, then a code where one is asked for, or setting up the app that makes them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from flask import current_app, session
from sqlalchemy.orm import Session

from core import audit
from core.access.sign_in_copies import AccountCopy
from core.models import Account, utc_now
from core.services import accounts, second_factor
from core.stores import databases
from core.web import auth, guessing, slowing
from core.web.portal import portal

WAITING, SECRET = "waiting", "new_secret"
WAITING_MINUTES = 5

Checked = TypeVar("Checked")


class Left(StrEnum):
    """What is left to do once the password was right."""

    NOTHING = "nothing"
    CODE = "code"
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
            left = _left(account)
            if left is Left.NOTHING:
                auth.begin(store, account, AccountCopy.of(account))
                audit.record(store, "account.signed_in", by=account)
            else:
                _wait(account, left)
    except accounts.SignInRefused:
        counts.failed()
        guessing.failed()
        with databases.write() as store:
            audit.record(store, "account.sign_in_refused", by=None, outcome="deny")
        raise
    counts.succeeded()
    return left


def left_to_do() -> Left:
    """What someone whose password was right must still do; nothing if nobody waits."""
    waiting = _waiting()
    return Left(waiting["left"]) if waiting is not None else Left.NOTHING


def waiting_username() -> str:
    """The user name of the person who must still give a code."""
    waiting = _waiting()
    return waiting["username"] if waiting is not None else ""


def new_secret() -> str:
    """A secret for an authenticator app, the same until it is set up."""
    if SECRET not in session:
        session[SECRET] = second_factor.new_secret()
    return str(session[SECRET])


def forget_secret() -> None:
    """Forget the secret once it is set up: the next set-up gets a new one."""
    session.pop(SECRET, None)


def complete(check: Callable[[Session, Account], Checked]) -> Checked:
    """Begin the waiting sign-in unless `check` raises WrongCode; return what `check` returns.

    Raises also SignInRefused when nobody waits or the account has changed, TooManyAttempts.
    """
    waiting = _waiting()
    if waiting is None:
        raise accounts.SignInRefused
    try:
        with slowed(waiting["username"]), databases.write() as store:
            account = store.get(Account, waiting["account"])
            if account is None or not account.active or waiting["changed_at"] != _changed_at(account):
                raise accounts.SignInRefused
            done = check(store, account)
            auth.begin(store, account, AccountCopy.of(account))
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


def _left(account: Account) -> Left:
    if account.totp_secret is not None:
        return Left.CODE
    return Left.SET_UP if portal(current_app).needs_second_factor else Left.NOTHING


def _wait(account: Account, left: Left) -> None:
    """Remember, in the signed cookie, whose password was right; no sign-in has begun yet."""
    session.clear()
    session[WAITING] = {
        "account": account.id,
        "username": account.username,
        "changed_at": _changed_at(account),
        "left": left.value,
        "at": utc_now().isoformat(),
    }


def _changed_at(account: Account) -> str:
    """When the password was set: a sign-in that waits ends if the password is changed meanwhile."""
    return account.password_changed_at.isoformat()


def _waiting() -> dict[str, Any] | None:
    waiting: dict[str, Any] | None = session.get(WAITING)
    if waiting is None or auth.account_or_none() is not None:
        return None
    late = utc_now() - datetime.fromisoformat(waiting["at"]) > timedelta(minutes=WAITING_MINUTES)
    return None if late else waiting
