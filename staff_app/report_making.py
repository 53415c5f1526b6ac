"""How a report was made: cost, time and checks, for whoever answers for it."""

from __future__ import annotations

from werkzeug.wrappers import Response

from core.access.permissions import Right
from core.queries import patients, reports
from core.stores.archived import ColdUnavailable
from core.web.access import look, refuse, requires
from core.web.htmx import render
from core.web.page_sessions import page_session
from staff_app.reports import bp


@bp.get("/reports/<id:report_id>/making")
@requires(Right.REPORT_REVIEW)
def making(report_id: int) -> Response:
    with page_session() as session:
        try:
            made = reports.making(session, report_id)
        except ColdUnavailable:
            return render("staff/reports/silent.html", status=503)
        if made is None:
            refuse("report.viewed", f"report:{report_id}")
        patient = patients.header(session, made.patient_id)
    look(made.patient_id, "report.making_viewed", f"report:{report_id}")
    return render("staff/reports/making.html", made=made, patient=patient)
