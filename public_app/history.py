"""The patient's record as one timeline: a year at a time, hot and archived."""

from __future__ import annotations

from flask import Blueprint, Response

from core.access.permissions import Right
from core.queries import timeline as queries
from core.queries import visit_overview
from core.queries.corrections import told
from core.queries.letterhead import letterhead
from core.queries.news import is_outside, news
from core.queries.timeline_items import SOURCES, Kind
from core.web.access import look, requires
from core.web.auth import current_account
from core.web.htmx import render
from core.web.page_sessions import page_session
from core.web.timelines import addresses, chosen
from public_app.addresses import of_rows
from public_app.own import own_patient_id

bp = Blueprint("history", __name__)
KINDS = {table: kind for kind, (table, _) in SOURCES.items()}


@bp.get("/history")
@requires(Right.OWN_RECORD_READ)
def index() -> Response:
    patient_id, at = own_patient_id(), chosen()
    with page_session() as session:
        timeline = queries.timeline(session, patient_id, kind=at.kind, assay_id=at.assay_id, period=at.period)
        overview = visit_overview.overview(session, patient_id, asks_archive=True)
        corrected = told(session, patient_id)
        holder = letterhead(session, patient_id)
        new = news(session, patient_id, reader=current_account().id)
    look(patient_id, "history.read")
    return render(
        "public/history.html",
        fragment="shared/timeline/_year.html",
        timeline=timeline,
        overview=overview,
        chosen=at,
        kinds=Kind,
        address=addresses("history.index", at, timeline.period),
        **of_rows(),
        news=new,
        is_outside=is_outside,
        corrected=[one for one in corrected if at.kind in (Kind.ALL, KINDS.get(one.kind))],
        holder=holder,
    )
