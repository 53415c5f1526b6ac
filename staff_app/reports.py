"""Reports: asking for one, the worklist, the progress of one."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from core.access.care import NotInCare
from core.access.permissions import Right
from core.jobs import outbox
from core.models import ReportState
from core.models.transitions import InvalidTransition
from core.queries import reports
from core.queries.patients import NoSuchPatient
from core.services import reports as service
from core.services.reports import IN_WORK, AlreadyOpen, BadReplacement, NoSuchNotice, NoSuchReport
from core.stores import databases
from core.stores.archived import ColdUnavailable
from core.web.access import check_tie, look, record, refuse, requires
from core.web.auth import current_account
from core.web.htmx import render, wants_fragment
from core.web.page_sessions import page_session, write_session

bp = Blueprint("reports", __name__)

LISTS: dict[str, tuple[str, Sequence[ReportState]]] = {
    "open": ("All open", (ReportState.READY, ReportState.FAILED, *IN_WORK)),
    "ready": ("Ready for review", (ReportState.READY,)),
    "progress": ("In progress", IN_WORK),
    "failed": ("Failed", (ReportState.FAILED,)),
    "signed": ("Signed", (ReportState.SIGNED,)),
}


@bp.get("/reports")
@requires(Right.REPORT_REVIEW)
def worklist() -> Response:
    chosen = request.args.get("list", "open")
    if chosen not in LISTS:
        abort(404)
    mine = "mine" in request.args
    record("reports.listed", target=f"reports:{chosen}")
    with page_session() as session:
        own = current_account().id
        items = reports.worklist(session, reader=own, states=LISTS[chosen][1], requested_by=own if mine else None)
        notices = reports.open_notices(session, own)
    return render("staff/reports/worklist.html", items=items, chosen=chosen, lists=LISTS, mine=mine, in_work=IN_WORK,
                  notices=notices, days=databases.current().settings.report_hot_days)  # fmt: skip


@bp.post("/reports/notices/<id:notice_id>/answer")
@requires(Right.REPORT_REVIEW)
def answer_notice(notice_id: int) -> Response:
    """Note that the signer has looked again at a report that an incident touches."""
    try:
        with write_session() as session:
            service.answer_notice(session, notice_id=notice_id, by=current_account())
    except NoSuchNotice:
        refuse("report.notice_answered", f"notice:{notice_id}")
    flash("Noted: you have looked at it again.")
    return redirect(url_for(".worklist"), 303)


@bp.post("/patients/<id:patient_id>/reports")
@requires(Right.REPORT_REQUEST)
def ask(patient_id: int) -> Response:
    try:
        with write_session() as session:
            report = service.request(session, patient_id=patient_id, by=current_account())
    except NoSuchPatient:
        abort(404)
    except AlreadyOpen as fault:
        flash("This patient has an open report already: here it is.")
        return redirect(url_for(".show", report_id=fault.report_id), 303)
    outbox.ring()
    return redirect(url_for(".show", report_id=report.id), 303)


@bp.post("/reports/<id:report_id>/amend")
@requires(Right.REPORT_REQUEST)
def amend(report_id: int) -> Response:
    """Ask for a report that replaces a signed one."""
    try:
        with write_session() as session:
            report = service.amend(session, report_id=report_id, by=current_account())
    except (NoSuchReport, NotInCare):
        refuse("report.requested", f"report:{report_id}")
    except AlreadyOpen as fault:
        flash("This patient has an open report already: here it is.")
        return redirect(url_for(".show", report_id=fault.report_id), 303)
    except BadReplacement as fault:
        flash(f"{str(fault).capitalize()}.")
        return redirect(url_for(".show", report_id=report_id), 303)
    except ColdUnavailable:
        return render("staff/reports/silent.html", status=503)
    outbox.ring()
    return redirect(url_for(".show", report_id=report.id), 303)


@bp.get("/reports/<id:report_id>")
@requires(Right.REPORT_REVIEW)
def show(report_id: int) -> Response:
    """How far a report is; once it is drafted, the review page takes over."""
    to_review = redirect(url_for(".review", report_id=report_id), 303)
    with page_session() as session:
        item = reports.item(session, report_id)
    if item is None:
        return to_review
    # The fragment tells only how far it is, so it records no look: one each second would flood the trail.
    if wants_fragment():
        check_tie(item.patient_id, "report.viewed")
    else:
        look(item.patient_id, "report.viewed", f"report:{report_id}")
        if item.state not in (*IN_WORK, ReportState.FAILED):
            return to_review
    return render("staff/reports/show.html", fragment="staff/reports/_state.html", item=item, in_work=IN_WORK)


@bp.post("/reports/<id:report_id>/retry")
@requires(Right.REPORT_REQUEST)
def retry(report_id: int) -> Response:
    try:
        with write_session() as session:
            service.retry_failed(session, report_id=report_id, by=current_account())
    except NoSuchReport:
        refuse("report.retried", f"report:{report_id}")
    except (InvalidTransition, AlreadyOpen) as fault:
        flash(f"{str(fault).capitalize()}.")
    outbox.ring()
    return redirect(url_for(".show", report_id=report_id), 303)
