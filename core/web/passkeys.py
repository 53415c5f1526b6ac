"""Signing in with a passkey, and a person's own passkeys, the same in both portals."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import cast

from flask import Response, current_app, flash, request, session, url_for
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired, Length

from core import audit
from core.access.permissions import Right
from core.access.sign_in_copies import AccountCopy
from core.models import Account, utc_now
from core.services import passkeys
from core.services.passkeys import REPLY_CHARS_MAX, PasskeyRefused, Site
from core.settings.config import Settings
from core.stores import databases
from core.stores.databases import Store
from core.web import auth, factor, guessing
from core.web.access import open_endpoint, record, refuse, requires
from core.web.base_form import Form, SignInForm
from core.web.htmx import htmx_redirect, render
from core.web.own_account import bp as own
from core.web.portal import portal
from core.web.sessions import PortalSessions
from core.web.sign_in import after, bp, page

CHALLENGE, ASKED_AT = "challenge", "challenge_at"
CHALLENGE_MINUTES = 5
REFUSED = "This passkey does not open an account here. Try again, or use your password."


class PasskeyForm(Form):
    """A device's reply, as the browser gives it, and a name by which to know the device."""

    credential = HiddenField(
        validators=[InputRequired("Your browser sent no passkey."), Length(max=REPLY_CHARS_MAX)],
    )
    name = StringField("Name of the device", validators=[Length(max=80, message="Use at most 80 characters.")])


@bp.post("/sign-in/passkey")
@open_endpoint
def submit_passkey() -> Response:
    form, (challenge, asked_at) = PasskeyForm(), _asked()
    try:
        if challenge is None or not form.validate_on_submit():
            raise PasskeyRefused("no challenge or no reply")
        with databases.write() as store:
            account = passkeys.check(
                store, reply=form.credential.data or "", challenge=challenge, asked_at=asked_at, site=site()
            )
            if not account.active or account.role not in portal(current_app).roles:
                raise PasskeyRefused("not here")
            auth.begin(store, account, AccountCopy.of(account), by_factor=True)
            audit.record(store, "account.signed_in", by=account, purpose="passkey")
    except PasskeyRefused:
        guessing.failed()
        with databases.write() as store:
            audit.record(store, "account.passkey_refused", by=None, outcome="deny")
        return page(SignInForm(formdata=None), 422, REFUSED)
    return htmx_redirect(after())


@own.get("/passkeys")
@requires(Right.OWN_ACCOUNT)
def passkeys_shown() -> Response:
    return _page(PasskeyForm())


@own.post("/passkeys")
@requires(Right.OWN_ACCOUNT, confirmed=True)
def add_passkey() -> Response:
    if not auth.factor_proved():
        return factor.ask(url_for(".passkeys_shown"))
    form, account, (challenge, _) = PasskeyForm(), auth.current_account(), _asked()
    if not form.validate_on_submit():
        return _page(form, 422)
    try:
        if challenge is None:
            raise PasskeyRefused("no challenge")
        with databases.write() as store:
            passkeys.register(
                store, account_id=account.id, reply=form.credential.data or "", challenge=challenge, site=site(),
                name=form.name.data or "", by=account,
            )  # fmt: skip
    except PasskeyRefused:
        record("account.passkey_refused", target=f"account:{account.id}", outcome="deny")
        return _page(form, 422, "Your device's answer could not be used. Try again, or with another device.")
    flash("From now on this passkey signs you in, without password or code.")
    return htmx_redirect(url_for(".passkeys_shown"))


@own.post("/passkeys/<id:passkey_id>/remove")
@requires(Right.OWN_ACCOUNT, confirmed=True)
def remove_passkey(passkey_id: int) -> Response:
    account = auth.current_account()
    with databases.write() as store:
        is_mine = passkeys.remove(store, account_id=account.id, passkey_id=passkey_id, by=account)
    if not is_mine:
        refuse("account.passkey_removed", f"passkey:{passkey_id}")
    flash("The passkey is removed: it signs nobody in any more.")
    return htmx_redirect(url_for(".passkeys_shown"))


def sign_in_options() -> str:
    """What the sign-in page asks a device for, as JSON; with a new challenge, which this browser's session keeps."""
    return passkeys.sign_in_options(site(), _challenge())


def site() -> Site:
    """This portal, as browsers name it."""
    settings, host = _settings(), portal(current_app).host
    scheme = "http" if settings.plain_http else "https"
    return Site(host, f"{scheme}://{request.host}", portal(current_app).title)


def _page(form: PasskeyForm, status: int = 200, refusal: str | None = None) -> Response:
    with databases.read(Store.HOT) as store:
        account = store.get_one(Account, auth.current_account().id)
        kept = passkeys.of_account(store, account.id)
        options = passkeys.registration_options(site(), account, kept, _challenge())
    is_full = len(kept) >= passkeys.PASSKEYS_MAX
    return render("shared/own_passkeys.html", status=status, form=form, refusal=refusal, kept=kept, is_full=is_full,
                  options=options)  # fmt: skip


def _challenge() -> bytes:
    challenge = secrets.token_bytes(32)
    session[CHALLENGE], session[ASKED_AT] = bytes_to_base64url(challenge), utc_now().isoformat()
    return challenge


def _asked() -> tuple[bytes | None, datetime]:
    """The challenge that this browser was given last, and when; it is good for one reply."""
    challenge, at = session.pop(CHALLENGE, None), session.pop(ASKED_AT, None)
    asked_at = datetime.fromisoformat(at) if at else utc_now()
    if challenge is None or utc_now() - asked_at > timedelta(minutes=CHALLENGE_MINUTES):
        return None, asked_at
    return base64url_to_bytes(challenge), asked_at


def _settings() -> Settings:
    return cast(PortalSessions, current_app.session_interface).settings
