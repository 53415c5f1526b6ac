"""Ask for a code of the present app before another app, recovery codes or a passkey can take its place.

Who has a sign-in and the password, but neither phone nor recovery code, changes nothing of what else is asked for.
"""

from __future__ import annotations

from flask import Response, flash, request, url_for

from core.access.permissions import Right
from core.services import second_factor
from core.services.accounts import TooManyAttempts
from core.services.second_factor import WrongCode
from core.stores import databases
from core.web import auth, sign_in_steps
from core.web.access import record, requires, safe_next
from core.web.htmx import htmx_redirect, render
from core.web.own_account import bp
from core.web.second_factor import WRONG, CodeForm
from core.web.sign_in import too_many


def ask(back: str) -> Response:
    """Have the person give a code first, then come back."""
    return htmx_redirect(url_for("account.prove", next=back))


@bp.get("/second-factor/prove")
@requires(Right.OWN_ACCOUNT)
def prove() -> Response:
    return _page(CodeForm())


@bp.post("/second-factor/prove")
@requires(Right.OWN_ACCOUNT)
def submit_proof() -> Response:
    form, account = CodeForm(), auth.current_account()
    if not form.validate_on_submit():
        return _page(form, 422)
    try:
        with sign_in_steps.slowed(account.username), databases.write() as store:
            second_factor.check(store, account_id=account.id, code=form.totp.data or "")
    except TooManyAttempts as fault:
        return too_many(fault, lambda refusal: _page(form, 429, refusal))
    except WrongCode:
        record("account.code_refused", target=f"account:{account.id}", outcome="deny")
        form.totp.errors = [WRONG]
        return _page(form, 422)
    auth.mark_factor()
    flash("Thank you. Now go on.")
    return htmx_redirect(safe_next(request.args.get("next")) or url_for(".show"))


def _page(form: CodeForm, status: int = 200, refusal: str | None = None) -> Response:
    return render("shared/prove.html", status=status, form=form, refusal=refusal)
