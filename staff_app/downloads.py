"""What a clinician takes along of a record: one test, one signed report, all of it, without what is hidden."""

from __future__ import annotations

from flask import abort
from werkzeug.wrappers import Response

from core.access.permissions import Right
from core.queries import reports
from core.stores.archived import ColdUnavailable
from core.stores.tables import linked_table
from core.web import attachments, downloads
from core.web.access import look, refuse, requires
from core.web.downloads import FORMS, Taken
from core.web.htmx import render
from core.web.page_sessions import page_session
from staff_app.patients import bp, header_or_404
from staff_app.reports import bp as reports_bp


@bp.get(f"/<id:patient_id>/download/<{FORMS}>")
@requires(Right.RECORD_READ)
def record_download(patient_id: int, form: str) -> Response:
    hidden_visits = look(patient_id, "record.downloaded", f"record:{form}")
    with page_session() as session:
        header_or_404(session, patient_id)
    return downloads.whole_record(Taken(patient_id, form, hidden_visits, linked_table, with_reasons=True))


@bp.get(f"/<id:patient_id>/results/<id:assay_id>/download/<{FORMS}>")
@requires(Right.RECORD_READ)
def test_download(patient_id: int, assay_id: int, form: str) -> Response:
    hidden_visits = look(patient_id, "results.downloaded", f"assay:{assay_id}")
    return downloads.one_test(
        Taken(patient_id, form, hidden_visits, linked_table, with_reasons=True), assay_id
    ) or abort(404)


@bp.get("/<id:patient_id>/notes/<id:note_id>/files/<int:number>")
@requires(Right.RECORD_READ)
def attachment(patient_id: int, note_id: int, number: int) -> Response:
    return attachments.send(patient_id, note_id, number)


@reports_bp.get(f"/reports/<id:report_id>/download/<{FORMS}>")
@requires(Right.RECORD_READ)
def download(report_id: int, form: str) -> Response:
    target = f"report:{report_id}"
    with page_session() as session:
        try:
            patient_id = reports.patient_of(session, report_id)
        except ColdUnavailable:
            return render("staff/reports/silent.html", status=503)
    if patient_id is None:
        refuse("report.downloaded", target)
    hidden_visits = look(patient_id, "report.downloaded", target)
    return downloads.signed_report(
        Taken(patient_id, form, hidden_visits, linked_table, with_reasons=True), report_id
    ) or abort(404)
