"""The second step of signing in: a code of the authenticator app, or setting one up where it is required."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, redirect, request, url_for
from werkzeug.wrappers import Response as WerkzeugResponse
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from core.services import second_factor
from core.services.accounts import SignInRefused, TooManyAttempts
from core.services.second_factor import AlreadySetUp, WrongCode
from core.web import sign_in_steps
from core.web.access import open_endpoint
from core.web.base_form import Form
from core.web.drawings.qr_codes import qr_code
from core.web.htmx import htmx_redirect, render
from core.web.portal import portal
from core.web.sign_in import after, bp, too_many
from core.web.sign_in_steps import Left

WRONG = "This code is not right. Wait for the next one, then enter it without delay."


class CodeForm(Form):
    """A code of the app, or a recovery code."""

    totp = StringField(
        "Code",
        validators=[InputRequired("Enter the code."), Length(max=40, message="Codes are shorter.")],
        render_kw={"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"},
    )


@bp.get("/sign-in/code")
@open_endpoint
def code() -> WerkzeugResponse:
    return _code_page(CodeForm()) if sign_in_steps.left_to_do() is Left.CODE else from_the_start()


@bp.post("/sign-in/code")
@open_endpoint
def submit_code() -> WerkzeugResponse:
    if sign_in_steps.left_to_do() is not Left.CODE:
        return from_the_start()
    form = CodeForm()
    if not form.validate_on_submit():
        return _code_page(form, 422)
    typed = form.totp.data or ""
    try:
        sign_in_steps.complete(lambda store, account: second_factor.check(store, account_id=account.id, code=typed))
    except TooManyAttempts as fault:
        return too_many(fault, lambda refusal: _code_page(form, 429, refusal))
    except WrongCode:
        form.totp.errors = [WRONG]
        return _code_page(form, 422)
    except SignInRefused:
        return from_the_start()
    return htmx_redirect(after())


@bp.get("/sign-in/set-up")
@open_endpoint
def set_up() -> WerkzeugResponse:
    return _set_up_page(CodeForm()) if sign_in_steps.left_to_do() is Left.SET_UP else from_the_start()


@bp.post("/sign-in/set-up")
@open_endpoint
def submit_set_up() -> WerkzeugResponse:
    if sign_in_steps.left_to_do() is not Left.SET_UP:
        return from_the_start()
    form = CodeForm()
    if not form.validate_on_submit():
        return _set_up_page(form, 422)
    secret, typed, to = sign_in_steps.new_secret(), form.totp.data or "", after()
    try:
        codes = sign_in_steps.complete(
            lambda store, account: second_factor.enrol(
                store, account_id=account.id, secret=secret, code=typed, by=account
            )
        )
    except TooManyAttempts as fault:
        return too_many(fault, lambda refusal: _set_up_page(form, 429, refusal))
    except WrongCode:
        form.totp.errors = [WRONG]
        return _set_up_page(form, 422)
    except (SignInRefused, AlreadySetUp):
        return from_the_start()
    sign_in_steps.forget_secret()
    return render("shared/recovery_codes.html", codes=codes, to=to)


def picture(secret: str, username: str) -> dict[str, Any]:
    """What a page shows of a new secret: the picture for the app, and the secret to type in."""
    issuer = portal(current_app).title
    spaced = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    return {"qr": qr_code(second_factor.address(secret, username, issuer)), "secret": spaced}


def from_the_start() -> WerkzeugResponse:
    """To the sign-in page: nobody waits here, or no longer."""
    return redirect(url_for("auth.sign_in", next=request.args.get("next")), 303)


def _code_page(form: CodeForm, status: int = 200, refusal: str | None = None) -> Response:
    return render("shared/code.html", status=status, form=form, refusal=refusal)


def _set_up_page(form: CodeForm, status: int = 200, refusal: str | None = None) -> Response:
    shown = picture(sign_in_steps.new_secret(), sign_in_steps.waiting_username())
    return render("shared/set_up.html", status=status, form=form, refusal=refusal, **shown)
