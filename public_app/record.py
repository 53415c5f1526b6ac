"""The patient's record as it is now: details, allergies, conditions, medicines."""

from __future__ import annotations

from flask import Blueprint, Response, abort

from core.access.permissions import Right
from core.queries.current_health import current_health
from core.queries.letterhead import letterhead
from core.queries.other_records import other_records
from core.web.access import look, requires
from core.web.htmx import render
from core.web.page_sessions import page_session
from public_app.own import own_patient_id

bp = Blueprint("record", __name__)


@bp.get("/record")
@requires(Right.OWN_RECORD_READ)
def show() -> Response:
    patient_id = own_patient_id()
    with page_session() as session:
        record = current_health(session, patient_id)
        other = other_records(session, patient_id)
        holder = letterhead(session, patient_id)
    if record is None:
        abort(404)
    look(patient_id, "record.read")
    return render("public/record.html", record=record, other=other, holder=holder)
