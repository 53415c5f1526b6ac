"""Setting up an account with a set-up code that an admin gave: a new password, and what else is to go on."""

from __future__ import annotations

from flask import Response, request
from werkzeug.wrappers import Response as WerkzeugResponse
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from core.services import password_policy
from core.services.accounts import AccountFault, SignInRefused, TooManyAttempts
from core.web import sign_in_steps
from core.web.access import open_endpoint
from core.web.base_form import Form, new_password_again_field, new_password_field, user_name_field
from core.web.htmx import htmx_redirect, render
from core.web.second_factor import from_the_start
from core.web.sign_in import bp, step, too_many
from core.web.sign_in_steps import Left


class SetUpCodeForm(Form):
    """The name of an account, and its set-up code."""

    username = user_name_field()
    set_up_code = StringField(
        "Set-up code",
        validators=[InputRequired("Enter the set-up code."), Length(max=40, message="Set-up codes are shorter.")],
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )


class NewPasswordForm(Form):
    """A new password, twice."""

    new = new_password_field()
    again = new_password_again_field()


@bp.get("/sign-in/set-up-code")
@open_endpoint
def set_up_code() -> Response:
    return _code_page(SetUpCodeForm())


@bp.post("/sign-in/set-up-code")
@open_endpoint
def submit_set_up_code() -> WerkzeugResponse:
    form = SetUpCodeForm()
    if not form.validate_on_submit():
        return _code_page(form, 422)
    try:
        sign_in_steps.give_set_up_code(form.username.data or "", form.set_up_code.data or "")
    except TooManyAttempts as fault:
        return too_many(fault, lambda refusal: _code_page(form, 429, refusal))
    except SignInRefused:
        return _code_page(form, 422, "The user name or the set-up code is not right, or the code is too old.")
    return htmx_redirect(step(Left.PASSWORD))


@bp.get("/sign-in/new-password")
@open_endpoint
def new_password() -> WerkzeugResponse:
    return _password_page(NewPasswordForm()) if sign_in_steps.left_to_do() is Left.PASSWORD else from_the_start()


@bp.post("/sign-in/new-password")
@open_endpoint
def submit_new_password() -> WerkzeugResponse:
    if sign_in_steps.left_to_do() is not Left.PASSWORD:
        return from_the_start()
    form = NewPasswordForm()
    if not form.validate_on_submit():
        return _password_page(form, 422)
    try:
        left = sign_in_steps.choose_password(form.new.data or "", kept_passkeys())
    except AccountFault as fault:
        form.new.errors = [str(fault)]
        return _password_page(form, 422)
    except SignInRefused:
        return from_the_start()
    return htmx_redirect(step(left))


def kept_passkeys() -> frozenset[int]:
    """The ids of the passkeys that the person wants to keep; what is not ticked goes."""
    return frozenset(request.form.getlist("keep", type=int))


def _code_page(form: SetUpCodeForm, status: int = 200, refusal: str | None = None) -> Response:
    is_needed = sign_in_steps.left_to_do() is Left.SET_UP_CODE
    return render("shared/set_up_code.html", status=status, form=form, refusal=refusal, is_needed=is_needed)


def _password_page(form: NewPasswordForm, status: int = 200) -> Response:
    return render(
        "shared/new_password.html",
        status=status,
        form=form,
        refusal=None,
        username=sign_in_steps.waiting_username(),
        passkeys=sign_in_steps.waiting_passkeys(),
        kept=kept_passkeys(),
        length_min=password_policy.LENGTH_MIN,
    )
