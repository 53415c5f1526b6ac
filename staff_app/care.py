"""Treatment teams, and the page that clinicians get in place of a record outside their care."""

from __future__ import annotations

from flask import Flask, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from core.access import care as ties
from core.access.care import NotInCare
from core.access.permissions import Right
from core.models import Sensitivity
from core.queries import patients, strangers
from core.queries.patients import NoSuchPatient
from core.services import care, sensitive_visits
from core.services.care import REASON_LENGTH_MAX, BadReason, NoSuchColleague, NotOneself
from core.services.sensitive_visits import NoSuchVisit
from core.stores import databases
from core.web.access import record, requires, safe_next
from core.web.auth import current_account
from core.web.error_pages import WORDS, answer
from core.web.htmx import render
from core.web.page_sessions import page_session, write_session
from staff_app.patients import bp

SENSITIVITIES = {
    Sensitivity.MENTAL_HEALTH: "Mental health",
    Sensitivity.SEXUAL_HEALTH: "Sexual and reproductive health",
    Sensitivity.SUBSTANCE_USE: "Substance use",
    Sensitivity.VIOLENCE: "Violence in the home",
    Sensitivity.GENETICS: "Genetics",
    Sensitivity.OTHER: "Other",
}


def init_app(app: Flask) -> None:
    """Answer NotInCare with the page that offers to break the glass."""
    app.register_error_handler(NotInCare, _closed)


@bp.post("/<id:patient_id>/break-glass")
@requires(Right.RECORD_READ, confirmed=True)
def break_glass(patient_id: int) -> Response:
    reason = _typed("reason")
    try:
        with write_session() as session:
            care.break_glass(session, patient_id=patient_id, reason=reason, by=current_account())
    except NoSuchPatient:
        abort(404)
    except BadReason as fault:
        return _page(patient_id, reason=reason, faults=[("reason", str(fault))], status=422)
    minutes = databases.current().settings.break_glass_minutes
    flash(f"The record is open to you for {minutes} minutes. The patient and the auditor see that, and why.")
    return redirect(safe_next(request.form.get("next")) or url_for(".chart", patient_id=patient_id), 303)


@bp.post("/<id:patient_id>/team")
@requires(Right.RECORD_READ, confirmed=True)
def add_colleague(patient_id: int) -> Response:
    username, reason = _typed("username"), _typed("reason")
    try:
        with write_session() as session:
            colleague = care.add_colleague(
                session, patient_id=patient_id, username=username, reason=reason, by=current_account()
            )
            words = f"{colleague.name} is on the treatment team. The patient and the team see that, and why."
    except NoSuchColleague:
        words = f"No clinician signs in as “{username.strip()[:120]}”. Check the user name."
    except (NotOneself, BadReason) as fault:
        words = str(fault)
    flash(words)
    return redirect(url_for(".chart", patient_id=patient_id, _anchor="team"), 303)


@bp.post("/<id:patient_id>/team/<id:account_id>/leave")
@requires(Right.RECORD_READ, confirmed=True)
def leave(patient_id: int, account_id: int) -> Response:
    try:
        with write_session() as session:
            care.leave(
                session, patient_id=patient_id, account_id=account_id, reason=_typed("reason"), by=current_account()
            )
    except BadReason as fault:
        flash(str(fault))
        return redirect(url_for(".chart", patient_id=patient_id, _anchor="team"), 303)
    if account_id == current_account().id:
        flash("You have left the treatment team.")
        return redirect(url_for(".search"), 303)
    flash("Taken off the treatment team. The patient and the team see that, and why. To undo it, add them again.")
    return redirect(url_for(".chart", patient_id=patient_id, _anchor="team"), 303)


@bp.get("/<id:patient_id>/break-glass")
@requires(Right.RECORD_READ)
def glass(patient_id: int) -> Response:
    """The way to visits that are hidden from this account."""
    return _page(patient_id, is_visit_hidden=True, status=200)


@bp.post("/<id:patient_id>/visits/<id:visit_id>/sensitivity")
@requires(Right.SENSITIVITY_SET, confirmed=True)
def keep_apart(patient_id: int, visit_id: int) -> Response:
    category = request.form.get("category") or None
    if category is not None and category not in set(Sensitivity):
        abort(400)
    try:
        with write_session() as session:
            sensitive_visits.keep_apart(
                session, patient_id=patient_id, visit_id=visit_id, category=category, by=current_account()
            )
    except NoSuchVisit:
        abort(404)
    flash("This visit is kept apart." if category else "This visit is shared with all who care for the patient.")
    return redirect(url_for(".visit", patient_id=patient_id, visit_id=visit_id), 303)


@bp.post("/<id:patient_id>/visits/<id:visit_id>/readers")
@requires(Right.SENSITIVITY_SET, confirmed=True)
def let_see(patient_id: int, visit_id: int) -> Response:
    """Let a colleague see a visit that is kept apart."""
    username, reason = _typed("username"), _typed("reason")
    try:
        with write_session() as session:
            colleague = sensitive_visits.let_see(
                session, patient_id=patient_id, visit_id=visit_id, username=username, reason=reason,
                by=current_account(),
            )  # fmt: skip
            words = f"{colleague.name} can see this visit. The patient sees that, and why."
    except NoSuchVisit:
        abort(404)
    except NoSuchColleague:
        words = f"No clinician signs in as “{username.strip()[:120]}”. Check the user name."
    except (NotOneself, BadReason) as fault:
        words = str(fault)
    flash(words)
    return redirect(url_for(".visit", patient_id=patient_id, visit_id=visit_id), 303)


def _typed(name: str) -> str:
    return request.form.get(name, "").replace("\0", "")


def _closed(fault: NotInCare) -> Response:
    is_visit_hidden = fault.visit_id is not None
    target = f"visit:{fault.visit_id}" if is_visit_hidden else f"patient:{fault.patient_id}"
    record(fault.action or "page.refused", target=target, patient_id=fault.patient_id, outcome="deny")
    return _page(fault.patient_id, is_visit_hidden=is_visit_hidden, status=403)


def _page(
    patient_id: int,
    *,
    is_visit_hidden: bool = False,
    reason: str = "",
    faults: list[tuple[str, str]] | None = None,
    status: int,
) -> Response:
    reader = current_account().id
    with page_session() as session:
        who = patients.identity(session, patient_id)
        if who is None:
            return answer(404, WORDS[404])
        is_stranger = ties.tie(session, reader, patient_id) is None
        seen = strangers.shown_to(session, reader) if is_stranger else frozenset()
    is_named = patient_id in seen or len(seen) < databases.current().settings.strangers_per_hour
    if is_stranger and is_named:
        record(strangers.IDENTIFIED, target=f"patient:{patient_id}", patient_id=patient_id)
    is_here = request.method == "GET" and request.endpoint != "patients.glass"
    here = request.full_path.rstrip("?") if is_here else request.form.get("next", "")
    return render("staff/patients/closed.html", fragment="staff/patients/_closed.html", status=status, patient=who,
                  is_named=is_named,
                  is_visit_hidden=is_visit_hidden, reason=reason, faults=faults or [], here=here,
                  reason_length_max=REASON_LENGTH_MAX,
                  minutes=databases.current().settings.break_glass_minutes)  # fmt: skip
