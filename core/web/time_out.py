"""How long a sign-in still lasts: the page warns in time, and keeps what was typed while its owner signs in again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from flask import current_app, redirect, url_for
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from core.models import utc_now
from core.web import auth
from core.web.access import open_endpoint
from core.web.htmx import render
from core.web.sessions import PortalSessions
from core.web.sign_in import bp

WARNING = timedelta(minutes=2)


@bp.get("/session")
@open_endpoint
def session_state() -> dict[str, Any]:
    """What the page needs to know of its sign-in. Asking does not count as use of the sign-in."""
    return state()


@bp.post("/session")
@open_endpoint
def stay() -> dict[str, Any]:
    return state()


@bp.get("/session/again")
@open_endpoint
def signed_in_again() -> Response:
    """The page for people who have signed in again beside a page that waits."""
    if auth.account_or_none() is None:
        return redirect(url_for("auth.sign_in", next=url_for("auth.signed_in_again")), 303)
    return render("shared/signed_in_again.html")


def state() -> dict[str, Any]:
    """Seconds until the sign-in ends if nobody uses it, whether use would prolong it, and whose it is."""
    sign_in = auth.session_held().sign_in
    if sign_in is None or auth.account_or_none() is None:
        return {"seconds": 0, "can_stay": False, "who": None, "token": None}
    now, idle = utc_now(), cast(PortalSessions, current_app.session_interface).settings.session_idle
    at_most = sign_in.expires_at - now
    left = min(at_most, idle - (now - sign_in.seen_at))
    return {
        "seconds": max(0, int(left.total_seconds())),
        "can_stay": at_most > WARNING,
        "who": sign_in.account.id,
        "token": generate_csrf(),
    }
