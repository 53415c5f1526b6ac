"""Who is signed in and where, signing out, and asking for the password again before a binding act."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from flask import Flask, abort, current_app, flash, request, session
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from sqlalchemy.orm import Session

from core import audit
from core.access.sign_in_copies import AccountCopy
from core.access.sign_ins import SignIns
from core.models import Account, Credential, utc_now
from core.queries import own_changes
from core.services import accounts, passkeys, second_factor
from core.stores import databases
from core.stores.databases import Store
from core.stores.outage import UNREACHABLE
from core.web import known_devices, slowing
from core.web.sessions import PortalSession, PortalSessions

log = logging.getLogger(__name__)


ADDRESS = "address"
CONFIRMED_AT = "confirmed_at"
FACTOR_AT = "factor_at"
FACTOR_MINUTES = 10


@dataclass(frozen=True)
class OwnSignIn:
    """One place where an account is signed in."""

    key: str
    created_at: datetime
    seen_at: datetime
    address: str | None
    is_this: bool


class User(UserMixin):
    """Flask-Login's view of the account in the session."""

    def __init__(self, account: AccountCopy) -> None:
        self.account = account
        self.id = account.id


def init_app(app: Flask) -> None:
    """Load the user from the sign-in that the session interface has already found."""
    manager = LoginManager(app)
    manager.session_protection = None
    manager.user_loader(_load)


def _load(user_id: str) -> User | None:
    sign_in = session_held().sign_in
    return User(sign_in.account) if sign_in is not None and str(sign_in.account.id) == user_id else None


def account_or_none() -> AccountCopy | None:
    """The account that made this request, or None."""
    return cast(User, current_user).account if current_user.is_authenticated else None


def current_account() -> AccountCopy:
    """The account that made this request; 401 if nobody has signed in."""
    account = account_or_none()
    if account is None:
        abort(401)
    return account


def sign_out() -> None:
    """End this sign-in, on the server and in the browser."""
    held = session_held()
    logout_user()
    held.clear()
    held.left = True
    if held.sign_in is not None:
        try:
            sign_ins().end(held.sign_in.token_hash)
        except UNREACHABLE:
            # The browser forgets the token all the same, and the sign-in soon ends by itself.
            log.warning("a sign-in could not be ended in the table: the primary is down")


def reauthenticate(password: str) -> bool:
    """Whether this is the signed-in account's password. Raises TooManyAttempts."""
    copy = current_account()
    counts = slowing.guesses("reauthenticate", copy.username)
    with databases.read(Store.HOT) as store:
        account = store.get(Account, copy.id)
        right = account is not None and account.active and accounts.verify_password(store, copy.id, password)
    if right:
        counts.succeeded()
    else:
        counts.failed()
    return right


def mark_confirmed() -> None:
    """Note that the password was entered just now in this sign-in."""
    session[CONFIRMED_AT] = utc_now().isoformat()


def mark_factor() -> None:
    """Note that a second factor was proved just now in this sign-in."""
    session[FACTOR_AT] = utc_now().isoformat()


def factor_proved() -> bool:
    """Whether the account is asked for no codes, or gave one, or used a passkey, minutes ago in this sign-in."""
    at = session.get(FACTOR_AT)
    if at is not None and utc_now() - datetime.fromisoformat(at) < timedelta(minutes=FACTOR_MINUTES):
        return True
    with databases.read(Store.HOT) as store:
        return not second_factor.is_on(store, current_account().id)


def change_password(password: str, *, kept_passkeys: Collection[int], keeps_app: bool) -> int:
    """Give the signed-in account a new password: this sign-in goes on with a new token, all others end.

    Passkeys that are not kept go, and the app for codes unless it is kept. Returns how many other sign-ins there were.
    Raises AccountFault, or SQLAlchemyError when the primary can't be written.
    """
    copy, here = current_account(), session_held().sign_in
    with databases.write() as store:
        account = accounts.set_password(store, account_id=copy.id, password=password, by=copy)
        passkeys.keep_only(store, account_id=copy.id, kept=kept_passkeys, by=copy)
        if not keeps_app and second_factor.is_on(store, copy.id):
            second_factor.remove(store, account_id=copy.id, by=copy)
        ended = sign_ins().end_all(store, copy.id, but=here.token_hash if here is not None else None)
        begin(store, account, AccountCopy.of(account))
    return ended


def own_sign_ins() -> list[OwnSignIn]:
    """The signed-in account's sign-ins in this portal, the newest first; the token's hash is their key."""
    here = session_held().sign_in
    return [
        OwnSignIn(kept.token_hash, kept.created_at, kept.seen_at, json.loads(kept.data).get(ADDRESS),
                  here is not None and kept.token_hash == here.token_hash)
        for kept in sign_ins().of_account(current_account().id)
    ]  # fmt: skip


def end_others(key: str | None) -> int:
    """End one of the signed-in account's other sign-ins, or all others when `key` is None. Returns how many."""
    copy, here = current_account(), session_held().sign_in
    with databases.write() as store:
        ended = sign_ins().end_all(store, copy.id, but=here.token_hash if here is not None else None, only=key)
        if ended:
            audit.record(store, "account.sign_ins_ended", by=copy, target=f"account:{copy.id}")
    return ended


def sign_ins() -> SignIns:
    """This portal's sign-ins, for ending those of an account."""
    return cast(PortalSessions, current_app.session_interface).sign_ins


def begin(
    store: Session, account: Account, copy: AccountCopy, *, confirmed: bool = True, by_factor: bool = False
) -> None:
    """A new sign-in with a new token, in the caller's transaction; `confirmed` if it was proved just now who it is.

    `by_factor` if more than a password proved it.
    """
    held = session_held()
    goes_on = held.sign_in is not None
    if held.sign_in is not None:
        sign_ins().end(held.sign_in.token_hash)
    held.clear()
    held["csrf_token"] = secrets.token_hex(32)
    held[ADDRESS] = request.remote_addr
    if confirmed:
        mark_confirmed()
    if by_factor:
        mark_factor()
    login_user(User(copy))
    if not goes_on:
        _tell_changes(store, account)
    known_devices.remember(copy.username)
    held.new_token = sign_ins().open(store, account, dict(held))
    held.modified = False


def _tell_changes(store: Session, account: Account) -> None:
    """Tell whoever signs in what was changed about signing in: it may have been somebody else."""
    kept = store.get(Credential, account.id)
    if kept is not None and kept.given_until is not None:
        days = max((kept.given_until - utc_now()).days, 0)
        flash(f"Somebody gave you your password. It ends in {days} days: choose your own at “Your account”.")
    told = own_changes.to_tell(store, account.id, request.remote_addr)
    if told:
        flash(f"In the last days: {'. '.join(told)}. If that was not you, say so at once: “Your account” tells when.")


def session_held() -> PortalSession:
    return cast(PortalSession, session._get_current_object())  # type: ignore[attr-defined]
