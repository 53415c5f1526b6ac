"""Signing in and out, the same in both portals."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, current_app, flash, make_response, redirect, request, url_for
from werkzeug.wrappers import Response as WerkzeugResponse

from core.services.accounts import SignInRefused, TooManyAttempts
from core.web import auth, sign_in_steps
from core.web.access import open_endpoint, record, safe_next
from core.web.base_form import SignInForm
from core.web.htmx import htmx_redirect, render
from core.web.portal import portal

bp = Blueprint("auth", __name__)
STEPS = {
    sign_in_steps.Left.CODE: "auth.code",
    sign_in_steps.Left.SET_UP_CODE: "auth.set_up_code",
    sign_in_steps.Left.PASSWORD: "auth.new_password",
    sign_in_steps.Left.SET_UP: "auth.set_up",
}


@bp.get("/sign-in")
@open_endpoint
def sign_in() -> WerkzeugResponse:
    if auth.account_or_none() is not None:
        return redirect(after(), 303)
    return page(SignInForm(), 200)


@bp.post("/sign-in")
@open_endpoint
def submit() -> WerkzeugResponse:
    form = SignInForm()
    if not form.validate_on_submit():
        return page(form, 422)
    try:
        left = sign_in_steps.sign_in(form.username.data or "", form.password.data or "")
    except TooManyAttempts as fault:
        return too_many(fault, lambda refusal: page(form, 429, refusal))
    except SignInRefused:
        return page(form, 422, refusal="The user name or the password is not right.")
    return htmx_redirect(step(left))


@bp.post("/sign-out")
@open_endpoint
def sign_out() -> WerkzeugResponse:
    account = auth.account_or_none()
    if account is not None:
        record("account.signed_out", target=f"account:{account.id}")
    auth.sign_out()
    flash("You have signed out.")
    response = htmx_redirect(url_for("auth.sign_in"))
    # What a page kept of what was typed goes with the sign-in.
    response.headers["Clear-Site-Data"] = '"storage"'
    return response


def too_many(fault: TooManyAttempts, page: Callable[[str], Response]) -> Response:
    """The page with how long to wait, for people and for programs."""
    response = page(f"Too many tries. Wait {_in_words(fault.seconds)}, then try again.")
    response.headers["Retry-After"] = str(fault.seconds)
    return response


def page(form: SignInForm, status: int, refusal: str | None = None) -> Response:
    """The page with both ways to sign in."""
    return make_response(render("shared/sign_in.html", status=status, form=form, refusal=refusal))


def step(left: sign_in_steps.Left) -> str:
    """Where to do what is left to do."""
    if left is sign_in_steps.Left.NOTHING:
        return after()
    return url_for(STEPS[left], next=safe_next(request.args.get("next")))


def after() -> str:
    """Where to go once signed in."""
    return safe_next(request.args.get("next")) or url_for(portal(current_app).home)


def _in_words(seconds: int) -> str:
    return f"{seconds} seconds" if seconds < 120 else f"{round(seconds / 60)} minutes"
