"""What an import and an export of kept-apart rows ask SQL Server."""

from __future__ import annotations

from sqlalchemy.dialects import mssql
from sqlalchemy.schema import CreateIndex

from core.interchange import components, imported_people, moved_results
from core.models import Prescription
from core.queries import hidden_visits
from core.services import courses
from tests.unit.engines.compiled_tsql import compiled

COURSES = "ix_prescription_lapses"


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


def test_which_courses_of_medicine_tell_when_they_lapse() -> None:
    assert compiled(courses.told(41)) == (
        "SELECT TOP 5000 prescription.id, prescription.said FROM prescription WHERE prescription.id > 41"
        " AND prescription.status IN ('active', 'unknown') AND prescription.said LIKE '%\"lapses\":%'"
        " ORDER BY prescription.id"
    )
    (index,) = (one for one in Prescription.metadata.tables["prescription"].indexes if one.name == COURSES)
    assert " ".join(str(CreateIndex(index).compile(dialect=mssql.dialect())).split()) == (
        "CREATE INDEX ix_prescription_lapses ON prescription (id) WHERE status IN ('active', 'unknown')"
    )
    assert compiled(courses.locked([1, 2])).endswith(
        " FROM prescription WITH (UPDLOCK, ROWLOCK) WHERE prescription.id IN"
        " (SELECT id FROM OPENJSON('[1, 2]') WITH (id bigint '$')) ORDER BY prescription.id"
    )


def test_whom_an_import_knows_and_what_lies_at_its_visits() -> None:
    assert compiled(imported_people.details([4, 5])) == (
        "SELECT patient.id, patient.name, patient.birth_on, patient.sex FROM patient"
        " WHERE patient.id IN (SELECT id FROM OPENJSON('[4, 5]') WITH (id bigint '$'))"
    )
    assert compiled(moved_results.results_at([6])) == (
        "SELECT observation.id, observation.visit_id, observation.assay_id, observation.value_number,"
        " observation.value_text FROM observation"
        " WHERE observation.visit_id IN (SELECT id FROM OPENJSON('[6]') WITH (id bigint '$'))"
    )
