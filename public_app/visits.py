"""One visit, hot or archived, with what was done at it."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, url_for
from werkzeug.wrappers import Response as WerkzeugResponse

from core.access.permissions import Right
from core.models.record_types import VISIT
from core.queries import corrections
from core.queries import visits as queries
from core.queries.letterhead import letterhead
from core.queries.results import groups
from core.queries.timeline_items import Kind
from core.stores import hot_and_archived
from core.stores.archived import ColdUnavailable
from core.web.access import look, refuse, requires
from core.web.htmx import render
from core.web.page_sessions import page_session
from public_app.addresses import of_rows
from public_app.own import own_patient_id

bp = Blueprint("visits", __name__, url_prefix="/visits")


@bp.get("")
@requires(Right.OWN_RECORD_READ)
def index() -> WerkzeugResponse:
    """Where the list of visits was."""
    return redirect(url_for("history.index", kind=Kind.VISITS), 301)


@bp.get("/<id:visit_id>")
@requires(Right.OWN_RECORD_READ)
def show(visit_id: int) -> Response:
    patient_id, target = own_patient_id(), f"visit:{visit_id}"
    with page_session() as session:
        try:
            detail = queries.detail(session, patient_id, visit_id)
        except ColdUnavailable:
            held = hot_and_archived.held(session, patient_id, VISIT.name)
            return render("public/visits/silent.html", status=503, held=held)
        corrected = corrections.told(session, patient_id, visit_id=visit_id)
        holder = letterhead(session, patient_id)
    if detail is None and any(one.kind == "visit" and one.is_out for one in corrected):
        look(patient_id, "visit.read", target)
        return render("public/visits/taken_out.html", corrected=corrected, holder=holder, status=410)
    if detail is None:
        refuse("visit.read", target)
    look(patient_id, "visit.read", target)
    return render("public/visits/show.html", detail=detail, visit=detail.visit, groups=groups(detail.results),
                  corrected=corrected, holder=holder, **of_rows())  # fmt: skip
