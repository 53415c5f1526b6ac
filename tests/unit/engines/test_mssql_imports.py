"""What an import and an export of kept-apart rows ask SQL Server."""

from __future__ import annotations

from core.interchange import components
from core.queries import hidden_visits
from tests.unit.engines.test_mssql_statements import compiled


def test_the_tests_of_any_number_of_rows_are_one_parameter() -> None:
    assert compiled(components.tests([1, 2, 3])) == (
        "SELECT observation.id, observation.assay_id FROM observation"
        " WHERE observation.id IN (SELECT id FROM OPENJSON('[1, 2, 3]') WITH (id bigint '$'))"
    )


def test_why_visits_are_kept_apart() -> None:
    assert compiled(hidden_visits.reasons(7)) == (
        "SELECT sensitive_visit.visit_id, sensitive_visit.category FROM sensitive_visit"
        " WHERE sensitive_visit.patient_id = 7"
    )
