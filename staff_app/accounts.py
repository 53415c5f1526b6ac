"""Accounts: listing, making, closing and opening them, and set-up codes, each of which an admin sees once."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from flask import Blueprint, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from core.access.permissions import Right
from core.models import Role
from core.queries import accounts_list
from core.services import accounts, care, set_up_codes
from core.services.accounts import AccountFault
from core.services.input import InvalidInput
from core.services.meant import Meant
from core.services.staff_accounts import NewAccount, open_account
from core.stores import databases
from core.web.access import requires
from core.web.auth import current_account, sign_ins
from core.web.htmx import render
from core.web.page_sessions import page_session, write_session
from staff_app import naming
from staff_app.forms import AccountForm, choices, put_back, unreadable

bp = Blueprint("accounts", __name__, url_prefix="/accounts")


@bp.get("")
@requires(Right.ACCOUNTS_MANAGE)
def listing() -> Response:
    text, role = request.args.get("q", "").strip()[:120].replace("\0", ""), request.args.get("role", "")
    with page_session() as session:
        page = accounts_list.accounts(
            session, text=text, role=role if role in set(Role) else None, after=request.args.get("after")
        )
    return render("staff/accounts/listing.html", found=page, q=text, role=role, roles=list(Role))


@bp.get("/new")
@requires(Right.ACCOUNTS_MANAGE)
def new() -> Response:
    return _form(AccountForm())


@bp.post("/new")
@requires(Right.ACCOUNTS_MANAGE, confirmed=True)
def create() -> Response:
    form = AccountForm()
    number = naming.number_of(form.patient_id.data) if form.role.data == Role.PATIENT else None
    if number is not None and not naming.is_sure(number):
        person, wrong = naming.asked(number, form.born.data, field="patient_id")
        return _form(form, put_back(form, wrong), status=422 if wrong else 200, person=person)
    try:
        with naming.guarded(number) if number is not None else nullcontext(), write_session() as session:
            account, code = open_account(session, new=_typed(form), hours=_hours(), by=current_account())
    except InvalidInput as fault:
        return _form(form, put_back(form, {**fault.errors, **unreadable(form)}), status=422)
    return render("staff/accounts/made.html", made=account, code=code, is_new=True)


@bp.post("/<id:account_id>/<any(close, open):verb>")
@requires(Right.ACCOUNTS_MANAGE, confirmed=True)
def change(account_id: int, verb: str) -> Response:
    if account_id == current_account().id:
        flash("You can't close your own account: ask another admin.")
        return redirect(url_for(".listing"), 303)
    try:
        with write_session() as session:
            if accounts_list.account(session, account_id) is None:
                abort(404)
            account = accounts.set_active(session, account_id=account_id, active=verb == "open", by=current_account())
            if verb == "close":
                sign_ins().end_all(session, account_id)
    except AccountFault as fault:
        flash(str(fault))
        return redirect(url_for(".listing"), 303)
    flash(f"{account.name}'s account is {'open' if account.active else 'closed'}.")
    return redirect(url_for(".listing", q=account.username), 303)


@bp.post("/<id:account_id>/set-up-code")
@requires(Right.ACCOUNTS_MANAGE, confirmed=True)
def set_up_code(account_id: int) -> Response:
    """For someone who forgot the password, or lost the phone and the recovery codes; they are signed out everywhere."""
    is_lost = "lost_device" in request.form
    try:
        with write_session() as session:
            account = accounts_list.account(session, account_id)
            if account is None:
                abort(404)
            code = set_up_codes.make(
                session, account_id=account_id, hours=_hours(), by=current_account(), is_for_lost_device=is_lost
            )
            sign_ins().end_all(session, account_id)
    except AccountFault as fault:
        flash(str(fault))
        return redirect(url_for(".listing"), 303)
    return render("staff/accounts/made.html", made=account, code=code, is_new=False)


@bp.post("/<id:account_id>/duty/<any(begin, end):verb>")
@requires(Right.ACCOUNTS_MANAGE, confirmed=True)
def duty(account_id: int, verb: str) -> Response:
    """A clinician on duty sees every patient: whoever begins it says why."""
    reason = request.form.get("reason", "")
    try:
        with write_session() as session:
            if verb == "begin":
                account = care.begin_duty(session, account_id=account_id, reason=reason, by=current_account())
            else:
                account = care.end_duty(session, account_id=account_id, by=current_account())
            name, username = account.name, account.username
    except care.NoSuchColleague:
        abort(404)
    except care.BadReason as fault:
        flash(str(fault))
        return redirect(url_for(".listing"), 303)
    flash(f"{name} sees {'every patient' if verb == 'begin' else 'the patients in their care'} from now on.")
    return redirect(url_for(".listing", q=username), 303)


def _form(
    form: AccountForm, faults: list[tuple[str, str]] | None = None, *, status: int = 200, person: Meant | None = None
) -> Response:
    with page_session() as session:
        form.practitioner_id.choices = choices(accounts_list.practitioners(session), "None")
    context: dict[str, Any] = {"form": form, "faults": faults or [], "person": person}
    return render("staff/accounts/new.html", status=status, **context)


def _hours() -> int:
    return databases.current().settings.set_up_code_hours


def _typed(form: AccountForm) -> NewAccount:
    return NewAccount(
        role=form.role.data or "",
        username=form.username.data or "",
        name=form.name.data or "",
        patient_id=form.patient_id.data or "",
        practitioner_id=form.practitioner_id.data,
        born=form.born.data or "",
    )
