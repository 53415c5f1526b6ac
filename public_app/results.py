"""Results: the latest of each test, one test over time."""

from __future__ import annotations

from flask import Blueprint, Response, current_app

from core.access.permissions import Right
from core.queries import results as queries
from core.queries.results import Result, Trend, groups
from core.web import charts, trends
from core.web.access import look, refuse, requires
from core.web.htmx import render
from core.web.stores import page_session
from public_app.own import own_patient_id, wants_archived

bp = Blueprint("results", __name__, url_prefix="/results")


@bp.get("")
@requires(Right.OWN_RECORD_READ)
def index() -> Response:
    patient_id = own_patient_id()
    with page_session() as session:
        latest = queries.latest(session, patient_id, with_archived=wants_archived())
    look(patient_id, "results.read")
    return render(
        "public/results/index.html",
        fragment="public/results/_latest.html",
        latest=latest,
        groups=groups(latest.results),
        older=wants_archived(),
    )


@bp.get("/<id:assay_id>")
@requires(Right.OWN_RECORD_READ)
def show(assay_id: int) -> Response:
    patient_id, target = own_patient_id(), f"assay:{assay_id}"
    with page_session() as session:
        trend = queries.trend(session, patient_id, assay_id, with_archived=wants_archived())
        if trend is None and not wants_archived():
            trend = queries.trend(session, patient_id, assay_id, with_archived=True)
    if trend is None:
        refuse("results.read", target)
    look(patient_id, "results.read", target)
    return render(
        "public/results/show.html",
        fragment="public/results/_trend.html",
        trend=trend,
        result=trend.latest,
        drawing=drawing(trend),
        older=wants_archived(),
    )


def drawing(trend: Trend) -> str:
    """The trend of those values that are numbers in the latest value's unit; empty if there are not two."""
    points = [_point(result) for result in trend.results if _fits(result, trend.latest)]
    if len(points) < 2:
        return ""
    latest = trend.latest
    return trends.trend(
        points,
        name=latest.name,
        code=latest.unit,
        low=latest.ref_low,
        high=latest.ref_high,
        day=current_app.jinja_env.filters["day"],
    )


def _fits(result: Result, latest: Result) -> bool:
    return result.value_number is not None and result.unit == latest.unit


def _point(result: Result) -> charts.Point:
    assert result.value_number is not None  # noqa: S101
    outside = charts.position(result.value_number, result.ref_low, result.ref_high) in ("below", "above")
    return charts.Point(result.observed_at, result.value_number, outside)
