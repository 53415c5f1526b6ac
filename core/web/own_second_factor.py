"""A person's own second factor, the same in both portals: set it up, remove it, make new recovery codes."""

from __future__ import annotations

from flask import Response, current_app, flash, url_for

from core.access.permissions import Right
from core.services import second_factor
from core.services.accounts import TooManyAttempts
from core.services.second_factor import WrongCode
from core.stores import databases
from core.web import auth, factor, sign_in_steps
from core.web.access import record, requires
from core.web.htmx import htmx_redirect, render
from core.web.own_account import bp
from core.web.portal import portal
from core.web.second_factor import WRONG, CodeForm, picture
from core.web.sign_in import too_many


@bp.get("/second-factor")
@requires(Right.OWN_ACCOUNT)
def second_factor_shown() -> Response:
    if not auth.factor_proved():
        return factor.ask(url_for(".second_factor_shown"))
    return _page(CodeForm())


@bp.post("/second-factor")
@requires(Right.OWN_ACCOUNT, confirmed=True)
def set_second_factor() -> Response:
    """Ask for codes from now on, once the first code was right; a new phone replaces the old one."""
    if not auth.factor_proved():
        return factor.ask(url_for(".second_factor_shown"))
    form, account = CodeForm(), auth.current_account()
    if not form.validate_on_submit():
        return _page(form, 422)
    try:
        with sign_in_steps.slowed(account.username), databases.write() as store:
            if second_factor.is_on(store, account.id):
                second_factor.remove(store, account_id=account.id, by=account)
            codes = second_factor.enrol(
                store, account_id=account.id, secret=sign_in_steps.new_secret(), code=form.totp.data or "", by=account
            )
    except TooManyAttempts as fault:
        return too_many(fault, lambda refusal: _page(form, 429, refusal))
    except WrongCode:
        record("account.second_factor_refused", target=f"account:{account.id}", outcome="deny")
        form.totp.errors = [WRONG]
        return _page(form, 422)
    sign_in_steps.forget_secret()
    auth.mark_factor()
    return render("shared/recovery_codes.html", codes=codes, to=url_for(".show"))


@bp.post("/second-factor/remove")
@requires(Right.OWN_ACCOUNT, confirmed=True)
def remove_second_factor() -> Response:
    if not auth.factor_proved():
        return factor.ask(url_for(".show"))
    account = auth.current_account()
    if portal(current_app).needs_second_factor:
        flash("Codes are required here: set up another app instead.")
        return htmx_redirect(url_for(".show"))
    with databases.write() as store:
        second_factor.remove(store, account_id=account.id, by=account)
    flash("You will be asked for your password alone.")
    return htmx_redirect(url_for(".show"))


@bp.post("/recovery-codes")
@requires(Right.OWN_ACCOUNT, confirmed=True)
def renew_recovery_codes() -> Response:
    if not auth.factor_proved():
        return factor.ask(url_for(".show"))
    account = auth.current_account()
    with databases.write() as store:
        codes = second_factor.renew_recovery_codes(store, account_id=account.id, by=account)
    return render("shared/recovery_codes.html", codes=codes, to=url_for(".show"))


def _page(form: CodeForm, status: int = 200, refusal: str | None = None) -> Response:
    shown = picture(sign_in_steps.new_secret(), auth.current_account().username)
    return render("shared/own_second_factor.html", status=status, form=form, refusal=refusal, **shown)
