"""What patients take along of their record: one test, one signed report, all of it."""

from __future__ import annotations

from flask import Blueprint, Response

from core.access.permissions import Right
from core.web import attachments, downloads
from core.web.access import look, refuse, requires
from core.web.downloads import FORMS, Taken
from public_app.own import own_patient_id

bp = Blueprint("downloads", __name__)


@bp.get(f"/record/download/<{FORMS}>")
@requires(Right.OWN_RECORD_READ)
def record(form: str) -> Response:
    patient_id = own_patient_id()
    look(patient_id, "record.downloaded", f"record:{form}")
    return downloads.whole_record(Taken(patient_id, form))


@bp.get(f"/results/<id:assay_id>/download/<{FORMS}>")
@requires(Right.OWN_RECORD_READ)
def one_test(assay_id: int, form: str) -> Response:
    patient_id, target = own_patient_id(), f"assay:{assay_id}"
    look(patient_id, "results.downloaded", target)
    return downloads.one_test(Taken(patient_id, form), assay_id) or refuse("results.downloaded", target)


@bp.get(f"/reports/<id:report_id>/download/<{FORMS}>")
@requires(Right.OWN_RECORD_READ)
def report(report_id: int, form: str) -> Response:
    patient_id, target = own_patient_id(), f"report:{report_id}"
    made = downloads.signed_report(Taken(patient_id, form), report_id)
    if made is None:
        refuse("report.downloaded", target)
    look(patient_id, "report.downloaded", target)
    return made


@bp.get("/notes/<id:note_id>/files/<int:number>")
@requires(Right.OWN_RECORD_READ)
def attachment(note_id: int, number: int) -> Response:
    return attachments.send(own_patient_id(), note_id, number)
