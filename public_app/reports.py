"""Reports that a clinician has signed; this portal never shows a draft."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, url_for
from werkzeug.wrappers import Response as WerkzeugResponse

from core.access.permissions import Right
from core.models.record_types import REPORT
from core.queries import reports as queries
from core.queries.letterhead import letterhead
from core.queries.timeline_items import Kind
from core.stores import hot_and_archived
from core.stores.archived import ColdUnavailable
from core.web.access import look, refuse, requires
from core.web.htmx import render
from core.web.page_sessions import page_session
from public_app.own import own_patient_id

bp = Blueprint("reports", __name__, url_prefix="/reports")


@bp.get("")
@requires(Right.OWN_RECORD_READ)
def index() -> WerkzeugResponse:
    """Where the list of reports was."""
    return redirect(url_for("history.index", kind=Kind.REPORTS), 301)


@bp.get("/<id:report_id>")
@requires(Right.OWN_RECORD_READ)
def show(report_id: int) -> Response:
    patient_id, target = own_patient_id(), f"report:{report_id}"
    with page_session() as session:
        held = hot_and_archived.held(session, patient_id, REPORT.name)
        try:
            report = queries.signed_report(session, report_id, patient_id)
            holder = letterhead(session, patient_id)
        except ColdUnavailable:
            if held is None:
                refuse("report.read", target)
            return render("public/reports/silent.html", status=503, held=held)
    if report is None:
        refuse("report.read", target)
    look(patient_id, "report.read", target)
    return render("public/reports/show.html", report=report, holder=holder)
