"""Ask for the password again before an act that can't be undone or that opens much (step-up authentication).

A sign-in counts as confirmed for CONFIRMED_MINUTES after each entry of the password. After that, an endpoint that
`requires(..., confirmed=True)` answers a form with the question for the password, and goes on with what was sent.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Flask, Response, current_app, make_response, render_template, request
from flask import session as held
from wtforms import PasswordField
from wtforms.validators import InputRequired, Length

from core.models import utc_now
from core.services.accounts import TooManyAttempts
from core.web import auth
from core.web.access import needs_confirmation, record
from core.web.base_form import Form
from core.web.htmx import wants_fragment
from core.web.sign_in import too_many

CONFIRMED_MINUTES = 5
FIELD = "confirm_password"
OURS = ("csrf_token", FIELD)


class ConfirmForm(Form):
    """The password, under a name that no other form of ours uses."""

    confirm_password = PasswordField(
        "Your password",
        validators=[InputRequired("Enter your password."), Length(max=256, message="Passwords are shorter.")],
        render_kw={"autocomplete": "current-password"},
    )


def init_app(app: Flask) -> None:
    """Ask before the view runs. Register after the check of forged forms, so that none counts as a wrong password."""
    app.before_request(_ask)


def is_confirmed() -> bool:
    """Whether the password was entered within the last minutes, in this sign-in."""
    try:
        return utc_now() - datetime.fromisoformat(held[auth.CONFIRMED_AT]) < timedelta(minutes=CONFIRMED_MINUTES)
    except (KeyError, TypeError, ValueError):
        # Not entered; or what is kept is no time, however it came there.
        return False


def _ask() -> Response | None:
    here = request.endpoint
    if request.method != "POST" or here is None or not needs_confirmation(current_app, here) or is_confirmed():
        return None
    if FIELD not in request.form:
        return _page(ConfirmForm(formdata=None), 403)
    return _answer(ConfirmForm(), here)


def _answer(form: ConfirmForm, here: str) -> Response | None:
    """None if the password is right: then the view runs."""
    if not form.validate():
        return _page(form, 422)
    try:
        is_right = auth.reauthenticate(form.confirm_password.data or "")
    except TooManyAttempts as fault:
        return too_many(fault, lambda refusal: _page(form, 429, refusal))
    record("account.confirmed", target=f"page:{here}", outcome="allow" if is_right else "deny")
    if not is_right:
        form.confirm_password.errors = ["This is not your password."]
        return _page(form, 422)
    auth.mark_confirmed()
    return None


def _page(form: ConfirmForm, status: int, refusal: str | None = None) -> Response:
    """Ask for the password, with what was sent so far in hidden fields; htmx puts this in place of the page."""
    context = {
        "form": form,
        "refusal": refusal,
        "sent": [(name, value) for name, value in request.form.items(multi=True) if name not in OURS],
        "minutes": CONFIRMED_MINUTES,
    }
    name = "shared/_confirm.html" if wants_fragment() else "shared/confirm.html"
    response = make_response(render_template(name, **context), status)
    if wants_fragment():
        response.headers["HX-Retarget"] = "#main"
        response.headers["HX-Reswap"] = "innerHTML"
    response.vary.add("HX-Request")
    return response
