"""Results: the latest of each test, one test over time."""

from __future__ import annotations

from flask import Blueprint, Response, current_app

from core.access.permissions import Right
from core.queries import corrections
from core.queries import results as queries
from core.queries.letterhead import letterhead
from core.queries.results import groups
from core.web.access import look, refuse, requires
from core.web.drawings import trends
from core.web.htmx import render
from core.web.page_sessions import page_session
from public_app.own import own_patient_id

bp = Blueprint("results", __name__, url_prefix="/results")


@bp.get("")
@requires(Right.OWN_RECORD_READ)
def index() -> Response:
    patient_id = own_patient_id()
    with page_session() as session:
        latest = queries.latest(session, patient_id)
        corrected = [one for one in corrections.told(session, patient_id) if one.kind == "observation"]
        holder = letterhead(session, patient_id)
    look(patient_id, "results.read")
    return render("public/results/index.html", latest=latest, groups=groups(latest.results), corrected=corrected,
                  holder=holder)  # fmt: skip


@bp.get("/<id:assay_id>")
@requires(Right.OWN_RECORD_READ)
def show(assay_id: int) -> Response:
    patient_id, target = own_patient_id(), f"assay:{assay_id}"
    with page_session() as session:
        trend = queries.trend(session, patient_id, assay_id, with_archived=True)
        holder = letterhead(session, patient_id)
    if trend is None:
        refuse("results.read", target)
    look(patient_id, "results.read", target)
    return render(
        "public/results/show.html",
        fragment="public/results/_trend.html",
        trend=trend,
        result=trend.latest,
        drawing=trends.of_results(trend, least=2, day=current_app.jinja_env.filters["day"]),
        holder=holder,
    )
