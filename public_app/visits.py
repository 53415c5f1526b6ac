"""Visits, hot and archived, in one timeline; one visit with what was done at it."""

from __future__ import annotations

from flask import Blueprint, Response, request

from core.access.permissions import Right
from core.models.record_types import VISIT
from core.queries import corrections
from core.queries import visits as queries
from core.queries.letterhead import letterhead
from core.queries.news import is_outside, news
from core.queries.outside_visits import ROWS_MAX, outside_visits
from core.queries.results import groups
from core.stores import hot_and_archived
from core.stores.archived import ColdUnavailable
from core.web.access import look, refuse, requires
from core.web.auth import current_account
from core.web.htmx import render
from core.web.page_sessions import page_session
from public_app.addresses import of_rows
from public_app.own import own_patient_id, place_in_list, wants_archived

bp = Blueprint("visits", __name__, url_prefix="/visits")


@bp.get("")
@requires(Right.OWN_RECORD_READ)
def index() -> Response:
    patient_id = own_patient_id()
    with page_session() as session:
        timeline = queries.timeline(session, patient_id, with_archived=wants_archived(), after=place_in_list())
        outside = outside_visits(session, patient_id, limit=None if "all" in request.args else ROWS_MAX)
        corrected = [one for one in corrections.told(session, patient_id) if one.is_out and one.kind == "visit"]
        holder = letterhead(session, patient_id)
        new = news(session, patient_id, reader=current_account().id)
    look(patient_id, "visits.read")
    return render(
        "public/visits/index.html",
        fragment="public/visits/_timeline.html",
        timeline=timeline,
        outside=outside,
        corrected=corrected,
        older=wants_archived(),
        is_first=place_in_list() is None,
        holder=holder,
        **of_rows(),
        news=new,
        is_outside=is_outside,
    )


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
                  corrected=corrected, holder=holder)  # fmt: skip
