"""A patient's chart, and one visit of it."""

from __future__ import annotations

from typing import Any

from flask import abort, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from core.access.care import NotInCare
from core.access.permissions import Right
from core.queries import care_team, corrections, reports, results, visit_overview, visits
from core.queries.current_health import current_health
from core.queries.latest_results import RESULTS_MAX, latest_results
from core.queries.news import is_outside, news
from core.queries.other_records import other_records
from core.queries.outside_visits import ROWS_MAX, outside_visits
from core.queries.timeline_items import Kind
from core.services.reports import IN_WORK
from core.stores.archived import ColdUnavailable
from core.stores.tables import linked_table
from core.web.access import look, requires
from core.web.auth import current_account
from core.web.drawings import trends
from core.web.htmx import render, wants_fragment
from core.web.page_sessions import page_session
from staff_app.addresses import of_rows
from staff_app.care import SENSITIVITIES
from staff_app.patients import bp, header_or_404

VISITS_SHOWN = 10


@bp.get("/<id:patient_id>")
@requires(Right.RECORD_READ)
def chart(patient_id: int) -> Response:
    hidden_visits, shows_all = look(patient_id, "chart.viewed"), "all" in request.args
    with page_session() as session:
        header = header_or_404(session, patient_id)
        context: dict[str, Any] = {
            "current": current_health(session, patient_id, hidden_visits=hidden_visits),
            "results": latest_results(
                session, patient_id, hidden_visits=hidden_visits, limit=None if shows_all else RESULTS_MAX
            ),
            "news": news(session, patient_id, reader=current_account().id, hidden_visits=hidden_visits),
            "outside": outside_visits(session, patient_id, limit=None if shows_all else ROWS_MAX),
            "other": other_records(session, patient_id, hidden_visits=hidden_visits),
            "overview": visit_overview.overview(session, patient_id, newest=VISITS_SHOWN, hidden_visits=hidden_visits),
            "open_reports": reports.open_for_patient(session, patient_id),
            "signed_reports": reports.signed_for_patient(session, patient_id),
            "team": care_team.members(session, patient_id),
            "team_changes": care_team.changes(session, patient_id),
            "glass_until": care_team.glass_open_until(session, current_account().id, patient_id),
        }
    overview = context["overview"]
    waits = overview.has_newer or (overview.total > 0 and overview.since is None)
    return render("staff/patients/chart.html", patient=header, in_work=IN_WORK, hidden_visits=hidden_visits,
                  newest=overview.newest, is_waiting=waits, is_silent=False, is_outside=is_outside,
                  **of_rows(patient_id), **context)  # fmt: skip


@bp.get("/<id:patient_id>/visits")
@requires(Right.RECORD_READ)
def visit_list(patient_id: int) -> Response:
    """Where the list of visits was."""
    return redirect(url_for(".history", patient_id=patient_id, kind=Kind.VISITS), 301)


@bp.get("/<id:patient_id>/visits/newest")
@requires(Right.RECORD_READ)
def newest_visits(patient_id: int) -> Response:
    """The chart's visits with the archived ones among them: the chart asks for these once it is shown."""
    if not wants_fragment():
        return visit_list(patient_id)
    hidden_visits, is_silent = look(patient_id, "history.viewed"), False
    with page_session() as session:
        overview = visit_overview.overview(
            session, patient_id, newest=VISITS_SHOWN, hidden_visits=hidden_visits, asks_archive=True
        )
        try:
            newest = visit_overview.newest_of_all(session, patient_id, VISITS_SHOWN, hidden_visits=hidden_visits)
        except ColdUnavailable:
            newest, is_silent = overview.newest, True
    return render("staff/patients/_visits.html", patient={"id": patient_id}, overview=overview, newest=newest,
                  is_waiting=False, is_silent=is_silent)  # fmt: skip


@bp.get("/<id:patient_id>/reports/signed")
@requires(Right.RECORD_READ)
def all_reports(patient_id: int) -> Response:
    """The chart's signed reports with the archived ones among them: the chart asks for these once it is shown."""
    if not wants_fragment():
        return redirect(url_for(".history", patient_id=patient_id, kind=Kind.REPORTS), 301)
    look(patient_id, "history.viewed")
    with page_session() as session:
        try:
            signed = reports.signed_for_patient(session, patient_id, with_archived=True, cold_table=linked_table)
            is_silent = False
        except ColdUnavailable:
            signed, is_silent = reports.signed_for_patient(session, patient_id), True
    return render("staff/patients/_signed_reports.html", patient={"id": patient_id}, signed_reports=signed,
                  reports_wait=False, reports_silent=is_silent)  # fmt: skip


@bp.get("/<id:patient_id>/visits/<id:visit_id>")
@requires(Right.RECORD_READ)
def visit(patient_id: int, visit_id: int) -> Response:
    if visit_id in look(patient_id, "visit.viewed", f"visit:{visit_id}"):
        raise NotInCare(patient_id, "visit.viewed", visit_id=visit_id)
    with page_session() as session:
        header = header_or_404(session, patient_id)
        try:
            detail = visits.detail(session, patient_id, visit_id, with_errors=True)
        except ColdUnavailable:
            return render("staff/visits/silent.html", status=503, patient=header)
        kept = care_team.sensitivity(session, visit_id)
        corrected = corrections.of_visit(session, patient_id, visit_id)
    if detail is None:
        abort(404)
    return render("staff/visits/show.html", patient=header, detail=detail, kept=kept, sensitivities=SENSITIVITIES,
                  corrections=corrected, **of_rows(patient_id))  # fmt: skip


@bp.get("/<id:patient_id>/results/<id:assay_id>")
@requires(Right.RECORD_READ)
def assay(patient_id: int, assay_id: int) -> Response:
    hidden_visits = look(patient_id, "results.viewed", f"assay:{assay_id}")
    with page_session() as session:
        header = header_or_404(session, patient_id)
        found = results.trend(session, patient_id, assay_id, with_archived=True, hidden_visits=hidden_visits)
    if found is None:
        abort(404)
    drawing = trends.of_results(found, day=current_app.jinja_env.filters["day"])
    return render("staff/patients/assay.html", patient=header, trend=found, drawing=drawing)
