"""Reviewing a draft beside its sources, deciding its flags, signing it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from core.access.permissions import Right
from core.jobs import outbox
from core.models import Decision, ReportState
from core.models.transitions import InvalidTransition
from core.queries import patients, reports
from core.queries.reports import ClaimView, ReviewReport, since_draft, statements
from core.queries.reports.since_draft import Compared
from core.services import reports as service
from core.services.accounts import TooManyAttempts
from core.services.reports import (
    IN_WORK,
    BadDecision,
    ChangedSinceShown,
    MadeFromHidden,
    NoSuchReport,
    NothingToSign,
    StaleSource,
    UndecidedClaims,
    UnseenRows,
    WrongPassword,
)
from core.stores.archived import ColdUnavailable
from core.web.access import look, refuse, requires
from core.web.auth import current_account, reauthenticate
from core.web.filters import plural
from core.web.htmx import htmx_redirect, render
from core.web.page_sessions import page_session, write_session
from staff_app import cited_rows
from staff_app.forms import SignatureForm
from staff_app.reports import bp

Faults = list[tuple[str, str]]
# Why a report that is there, by whoever may sign it, is not signed.
UNSIGNED = (
    ChangedSinceShown, UndecidedClaims, UnseenRows, MadeFromHidden, StaleSource, NothingToSign, InvalidTransition,
)  # fmt: skip


@bp.get("/reports/<id:report_id>/review")
@requires(Right.REPORT_REVIEW)
def review(report_id: int) -> Response:
    return _page(report_id)


@bp.post("/reports/<id:report_id>/claims/<id:claim_id>")
@requires(Right.REPORT_REVIEW)
def decide(report_id: int, claim_id: int) -> Response:
    typed = {name: request.form.get(name, "").replace("\0", "") for name in ("text", "reason")}
    decision = request.form.get("decision", "")
    try:
        if decision not in set(Decision):
            raise BadDecision("Accept the claim, edit it, or reject it.")
        with write_session() as session:
            claim = service.decide_claim(
                session, report_id=report_id, claim_id=claim_id, decision=decision, by=current_account(), **typed
            )
    except NoSuchReport:
        refuse("report.claim_decided", f"report:{report_id}")
    except BadDecision as fault:
        field = "text" if decision == Decision.EDITED else "reason"
        return _page(report_id, [(field, str(fault))], claim_id=claim_id, typed=typed, status=422)
    except InvalidTransition as fault:
        return _refused(report_id, f"{str(fault).capitalize()}.")
    if decision == Decision.EDITED:
        outbox.ring()
    still_flagged = claim.flagged and claim.decision is None
    return htmx_redirect(
        url_for(".review", report_id=report_id, claim=claim.id if still_flagged else None, after=claim.id)
    )


@bp.post("/reports/<id:report_id>/sign")
@requires(Right.REPORT_SIGN)
def sign(report_id: int) -> Response:
    password = SignatureForm().password.data or ""
    try:
        if not reauthenticate(password):
            raise WrongPassword("That is not your password.")
        with write_session() as session:
            service.sign(
                session,
                report_id=report_id,
                by=current_account(),
                password=password,
                seen=request.form.getlist("seen"),
                shown=request.form.get("shown", ""),
            )
    except NoSuchReport:
        refuse("report.signed", f"report:{report_id}")
    except WrongPassword as fault:
        return _page(report_id, [("password", str(fault))], status=422)
    except TooManyAttempts as fault:
        return _page(report_id, [("password", f"Too many tries: wait {fault.seconds} seconds.")], status=429)
    except UNSIGNED as fault:
        return _refused(report_id, f"Not signed. {str(fault).capitalize()}.")
    flash("The report is signed. The patient can read it now.")
    return redirect(url_for(".review", report_id=report_id), 303)


@bp.post("/reports/<id:report_id>/refresh")
@requires(Right.REPORT_REVIEW)
def refresh(report_id: int) -> Response:
    try:
        with write_session() as session:
            affected = service.refresh_sources(session, report_id=report_id, by=current_account())
    except NoSuchReport:
        refuse("report.refreshed", f"report:{report_id}")
    except InvalidTransition as fault:
        return _refused(report_id, f"{str(fault).capitalize()}.")
    flash(f"The sources are read again; {plural(len(affected), 'claim')} checked anew.")
    return redirect(url_for(".review", report_id=report_id), 303)


@bp.post("/reports/<id:report_id>/<any(reject, withdraw):verb>")
@requires(Right.REPORT_REVIEW, Right.REPORT_SIGN, confirmed=True)
def end(report_id: int, verb: str) -> Response:
    act = service.reject if verb == "reject" else service.withdraw
    try:
        with write_session() as session:
            act(
                session,
                report_id=report_id,
                reason=request.form.get("reason", "").replace("\0", ""),
                by=current_account(),
            )
    except NoSuchReport:
        refuse(f"report.{verb}", f"report:{report_id}")
    except InvalidTransition as fault:
        return _refused(report_id, f"{str(fault).capitalize()}.")
    except ValueError as fault:
        return _page(report_id, [(f"{verb}-reason", str(fault))], status=422)
    flash(f"The report is {'rejected' if verb == 'reject' else 'withdrawn'}.")
    return redirect(url_for(".worklist"), 303)


def _refused(report_id: int, words: str) -> Response:
    return _page(report_id, refusal=words, status=409)


def _page(
    report_id: int,
    faults: Faults | None = None,
    *,
    claim_id: int | None = None,
    typed: dict[str, str] | None = None,
    refusal: str | None = None,
    status: int = 200,
) -> Response:
    with page_session() as session:
        try:
            patient_id = reports.patient_of(session, report_id)
            if patient_id is None:
                refuse("report.viewed", f"report:{report_id}")
            hidden_visits = look(patient_id, "report.reviewed", f"report:{report_id}")
            report = reports.review(session, report_id, hidden_visits=hidden_visits)
        except ColdUnavailable:
            return render("staff/reports/silent.html", status=503)
        if report is None:
            refuse("report.viewed", f"report:{report_id}")
        compared = _compared(session, report)
        patient = patients.header(session, patient_id)
    if report.state in IN_WORK:
        return redirect(url_for(".show", report_id=report_id), 303)
    context: dict[str, Any] = {
        **_claim_shown(report, claim_id),
        **_since_drafting(compared),
        "report": report,
        "patient": patient,
        "focus": not faults and not refusal and bool({"claim", "after"} & request.args.keys()),
        "seen": request.form.getlist("seen"),
        "is_open": report.state == ReportState.READY,
        "faults": faults or [],
        "typed": typed or {},
        "refusal": refusal,
    }
    return render("staff/reports/review.html", fragment="staff/reports/_review.html", status=status, **context)


def _compared(session: Session, report: ReviewReport) -> Compared | None:
    """The draft beside the record of today; None if a silent archive keeps it from being told."""
    if report.state != ReportState.READY:
        return Compared(())
    try:
        return since_draft.compared(session, report.id, report.patient.id)
    except ColdUnavailable:
        return None


def _since_drafting(compared: Compared | None) -> dict[str, Any]:
    return {
        "since": compared.differences if compared is not None else None,
        "left_out": compared.left_out if compared is not None else (),
        "supplied": compared.supplied if compared is not None else 0,
    }


def _claim_shown(report: ReviewReport, claim_id: int | None) -> dict[str, Any]:
    selected = _selected(report, claim_id or request.args.get("claim", type=int), request.args.get("after", type=int))
    return {
        "selected": selected,
        "next_flag": _next_flag(report.claims, selected),
        "previous_flag": _previous_flag(report.claims, selected),
        "reading": statements.read(selected, report.patient.id, report.evidence) if selected else None,
        "rows": [cited_rows.shown(row, selected) for row in selected.citations] if selected else [],
    }


def _selected(report: ReviewReport, wanted: int | None, after: int | None) -> ClaimView | None:
    """The claim asked for; else the next flag to decide, after the one just decided; else the first claim."""
    claims = report.claims
    for claim in claims:
        if claim.id == wanted:
            return claim
    start = next((place for place, claim in enumerate(claims) if claim.id == after), -1) + 1
    waiting = [claim for claim in (*claims[start:], *claims[:start]) if claim.needs_decision]
    return next(iter(waiting or claims), None)


def _next_flag(claims: Sequence[ClaimView], selected: ClaimView | None) -> ClaimView | None:
    """The next claim that waits for a decision, after the selected one and round to the beginning."""
    start = next((place for place, claim in enumerate(claims) if selected and claim.id == selected.id), -1) + 1
    return next((claim for claim in (*claims[start:], *claims[:start]) if claim.needs_decision), None)


def _previous_flag(claims: Sequence[ClaimView], selected: ClaimView | None) -> ClaimView | None:
    """The flag before the selected claim and round to the end, unless it is the next one as well."""
    found = _next_flag(claims[::-1], selected)
    return found if found is not _next_flag(claims, selected) else None
