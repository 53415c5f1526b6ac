"""A patient's record as one timeline: a year at a time, hot and archived, without what is hidden."""

from __future__ import annotations

from werkzeug.wrappers import Response

from core.access.permissions import Right
from core.queries import timeline as queries
from core.queries import visit_overview
from core.queries.timeline_items import Kind
from core.stores.tables import linked_table
from core.web.access import look, requires
from core.web.htmx import render
from core.web.page_sessions import page_session
from core.web.timelines import addresses, chosen
from staff_app.addresses import of_rows
from staff_app.patients import bp, header_or_404


@bp.get("/<id:patient_id>/history")
@requires(Right.RECORD_READ)
def history(patient_id: int) -> Response:
    hidden_visits, at = look(patient_id, "history.viewed"), chosen()
    with page_session() as session:
        header = header_or_404(session, patient_id)
        timeline = queries.timeline(
            session, patient_id, kind=at.kind, assay_id=at.assay_id, period=at.period, hidden_visits=hidden_visits,
            cold_reports=linked_table,
        )  # fmt: skip
        overview = visit_overview.overview(session, patient_id, hidden_visits=hidden_visits, asks_archive=True)
    return render(
        "staff/patients/history.html",
        fragment="shared/timeline/_year.html",
        patient=header,
        timeline=timeline,
        overview=overview,
        hidden_visits=hidden_visits,
        chosen=at,
        kinds=Kind,
        address=addresses(".history", at, timeline.period, patient_id=patient_id),
        **of_rows(patient_id),
    )
