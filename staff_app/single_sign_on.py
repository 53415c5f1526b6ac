"""Signing in by the organisation's identity provider."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import cast

from flask import Blueprint, Flask, current_app, flash, redirect, request, session, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from core import audit
from core.access import single_sign_on
from core.access.sign_in_copies import AccountCopy
from core.access.single_sign_on import Begun, Provider, SignOnFailed
from core.models import Account
from core.settings.config import ConfigError, Settings
from core.stores import databases
from core.web import auth
from core.web.access import open_endpoint, safe_next
from core.web.passkeys import site
from core.web.portal import portal

log = logging.getLogger(__name__)

bp = Blueprint("single_sign_on", __name__, url_prefix="/sign-in/single")
BEGUN, NEXT = "single_sign_on", "single_sign_on_next"
EXTENSION = "strata_oidc"


def init_app(app: Flask, settings: Settings) -> None:
    """Offer it on the sign-in page, if a provider is named. Raises ConfigError."""
    provider = Provider.of(settings)
    if provider is not None and not provider.client_id:
        raise ConfigError("STRATA_OIDC_ISSUER needs STRATA_OIDC_CLIENT_ID, and mostly STRATA_OIDC_CLIENT_SECRET")
    app.extensions[EXTENSION] = provider
    app.context_processor(lambda: {"has_single_sign_on": provider is not None})
    if provider is not None:
        app.register_blueprint(bp)


@bp.get("")
@open_endpoint
def begin() -> Response:
    try:
        address, begun = single_sign_on.begin(_provider(), _back())
    except SignOnFailed as fault:
        log.warning("single sign-on could not begin: %s", fault)
        return _failed("Your organisation's sign-in does not answer. Try again in a minute, or use your password.")
    session[BEGUN], session[NEXT] = asdict(begun), safe_next(request.args.get("next"))
    return redirect(address, 303)


@bp.get("/back")
@open_endpoint
def back() -> Response:
    begun, to = session.pop(BEGUN, None), session.pop(NEXT, None)
    try:
        if begun is None:
            raise SignOnFailed("nothing was begun")
        username = single_sign_on.finish(_provider(), Begun(**begun), _back(), request.args.to_dict())
        with databases.write() as store:
            account = store.scalar(select(Account).where(Account.username == username.strip().lower()[:120]))
            if account is None or not account.active or account.role not in portal(current_app).roles:
                raise SignOnFailed("no open account of that name")
            # The person may have given the password there long ago, so a page that needs it still asks.
            auth.begin(store, account, AccountCopy.of(account), confirmed=False)
            audit.record(store, "account.signed_in", by=account, purpose="single sign-on")
    except SignOnFailed as fault:
        log.warning("single sign-on failed: %s", fault)
        with databases.write() as store:
            audit.record(store, "account.single_sign_on_refused", by=None, outcome="deny")
        return _failed("You were not signed in. Try again; if it goes on, ask whoever keeps the accounts.")
    return redirect(to or url_for(portal(current_app).home), 303)


def _provider() -> Provider:
    return cast(Provider, current_app.extensions[EXTENSION])


def _back() -> str:
    return site().origin + url_for(".back")


def _failed(words: str) -> Response:
    flash(words)
    return redirect(url_for("auth.sign_in"), 303)
