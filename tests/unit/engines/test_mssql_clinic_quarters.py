"""A clinic's figures as SQL Server is asked for them."""

from __future__ import annotations

from datetime import UTC, date, datetime

from core.queries.clinic_months import MonthFigures
from core.stores.tables import hot_table
from tests.unit.engines.compiled_tsql import compiled


def test_results_are_grouped_by_test_and_patient() -> None:
    bounds = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    figures = MonthFigures(3, date(2026, 1, 1), bounds)
    assert compiled(figures.at_visits(hot_table("observation"), hot_table("visit"))) == (
        "SELECT observation.assay_id AS name, observation.patient_id, count(*) AS count,"
        " sum(CASE WHEN (observation.interpretation IN ('A', 'AA', 'H', 'HH', 'L', 'LL')) THEN 1 ELSE 0 END)"
        " AS out_of_range FROM observation JOIN visit ON visit.id = observation.visit_id WHERE visit.clinic_id = 3"
        " AND visit.started_at >= '2026-01-01 00:00:00+00:00' AND visit.started_at < '2026-02-01 00:00:00+00:00'"
        " AND (visit.ended_at IS NULL OR visit.ended_at BETWEEN '2026-01-01 00:00:00+00:00'"
        " AND '2027-02-02 00:00:00+00:00') GROUP BY observation.assay_id, observation.patient_id"
    )
