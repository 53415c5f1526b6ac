"""A person's own account, the same in both portals: a new password, and the places where they are signed in."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, current_app, flash, request, url_for
from wtforms import PasswordField
from wtforms.validators import InputRequired, Length

from core.access.permissions import Right
from core.models import Passkey
from core.queries import own_changes
from core.queries.own_changes import Happened
from core.services import passkeys, password_policy, second_factor
from core.services.accounts import AccountFault, TooManyAttempts
from core.stores import databases
from core.stores.databases import Store
from core.web import auth
from core.web.access import record, requires
from core.web.base_form import Form, new_password_again_field, new_password_field
from core.web.htmx import htmx_redirect, render
from core.web.portal import portal
from core.web.set_up_code import kept_passkeys
from core.web.sign_in import too_many

bp = Blueprint("account", __name__, url_prefix="/account")


class PasswordForm(Form):
    """The present password, and the new one twice."""

    old = PasswordField(
        "Present password",
        validators=[InputRequired("Enter your present password."), Length(max=256, message="Passwords are shorter.")],
        render_kw={"autocomplete": "current-password"},
    )
    new = new_password_field()
    again = new_password_again_field()


@bp.get("")
@requires(Right.OWN_ACCOUNT)
def show() -> Response:
    return _page(PasswordForm())


@bp.post("/password")
@requires(Right.OWN_ACCOUNT)
def change_password() -> Response:
    form = PasswordForm()
    if not form.validate_on_submit():
        return _page(form, 422)
    target = f"account:{auth.current_account().id}"
    try:
        if not auth.reauthenticate(form.old.data or ""):
            record("account.password_refused", target=target, outcome="deny")
            form.old.errors = ["This is not your present password."]
            return _page(form, 422)
        keeps_app = _keeps_app()
        if not keeps_app and not auth.factor_proved():
            return htmx_redirect(url_for(".prove", next=url_for(".show")))
        ended = auth.change_password(form.new.data or "", kept_passkeys=kept_passkeys(), keeps_app=keeps_app)
    except TooManyAttempts as fault:
        return too_many(fault, lambda refusal: _page(form, 429, refusal))
    except AccountFault as fault:
        form.new.errors = [str(fault)]
        return _page(form, 422)
    flash(f"Your password is changed. {_ended(ended)}" if ended else "Your password is changed.")
    return htmx_redirect(url_for(".show"))


def _keeps_app() -> bool:
    """Where codes are required, another app takes the place of this one, and nothing else does."""
    return portal(current_app).needs_second_factor or "keep_app" in request.form


@bp.post("/sign-ins/end")
@requires(Right.OWN_ACCOUNT)
def end_sign_ins() -> Response:
    """End one of the account's own sign-ins by its key, or all but this one."""
    ended = auth.end_others(request.form.get("key"))
    flash(_ended(ended) if ended else "It had ended already.")
    return htmx_redirect(url_for(".show"))


def _ended(count: int) -> str:
    return f"Signed out in {'one other place' if count == 1 else f'{count} other places'}."


@dataclass(frozen=True)
class SecondFactor:
    """Whether codes are asked for, may be given up, and how many recovery codes are left."""

    is_on: bool
    is_required: bool
    codes_left: int


def _passkeys() -> list[Passkey]:
    with databases.read(Store.HOT) as store:
        return passkeys.of_account(store, auth.current_account().id)


def _history() -> list[Happened]:
    with databases.read(Store.HOT) as store:
        return own_changes.history(store, auth.current_account().id)


def _second_factor() -> SecondFactor:
    account = auth.current_account()
    with databases.read(Store.HOT) as session:
        left = second_factor.recovery_codes_left(session, account.id)
        is_on = second_factor.is_on(session, account.id)
        return SecondFactor(is_on, portal(current_app).needs_second_factor, left)


def _page(form: PasswordForm, status: int = 200, refusal: str | None = None) -> Response:
    return render(
        "shared/own_account.html",
        status=status,
        form=form,
        refusal=refusal,
        here_and_others=auth.own_sign_ins(),
        history=_history(),
        second=_second_factor(),
        passkeys=_passkeys(),
        kept=kept_passkeys() if form.is_submitted() else None,
        keeps_app=not form.is_submitted() or "keep_app" in request.form,
        length_min=password_policy.LENGTH_MIN,
    )
