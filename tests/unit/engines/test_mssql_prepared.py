"""The statements that are made once, as SQL Server is asked."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select

from core.models.record_types import VISIT, archive_table
from core.picture import clinics
from core.queries import current_health, known_patient, letterhead, newest, visit_overview
from core.stores.archived import Window
from tests.unit.engines.compiled_tsql import compiled


def asked(statement: Select[Any], **values: Any) -> str:
    return compiled(statement.params(**values))


def test_what_an_overview_counts_and_shows_is_one_statement() -> None:
    whole = asked(visit_overview.overview_query(10, any_hidden=True), patient=7, hidden=[3])
    assert whole.startswith("SELECT hot.hot, hot.first_at, (SELECT count(DISTINCT correction.row_id) AS count_1")
    assert " AS hot LEFT OUTER JOIN (SELECT TOP 10 visit.id AS id," in whole
    assert whole.count("(visit.id IS NULL OR (visit.id NOT IN (3)))") == 2
    assert whole.endswith(" AS newest ON 1 = 1 ORDER BY newest.started_at DESC, newest.id DESC")
    assert ", (SELECT count(visit.id) AS count_2 FROM visit WHERE visit.patient_id = 7 AND visit.id IN (3))" in whole
    assert " AND (correction.row_id NOT IN (3))) AS archived_errors" in whole
    figures = asked(visit_overview.overview_query(0, any_hidden=False), patient=7)
    assert figures.count("FROM visit WHERE visit.patient_id = 7 AND NOT (EXISTS (") == 1
    assert "JOIN" not in figures


def test_a_patient_comes_with_the_picture_and_the_newest_clinic() -> None:
    whole = asked(known_patient.patient_query(with_clinic=True), patient=7)
    assert " patient_picture.stale_at, coalesce((SELECT TOP 1 clinic.name FROM visit JOIN clinic" in whole
    assert " (SELECT clinic.name FROM holding JOIN clinic ON clinic.id = holding.clinic_id WHERE" in whole
    assert whole.endswith(
        ") AS clinic FROM patient LEFT OUTER JOIN patient_picture ON patient_picture.patient_id = patient.id"
        " WHERE patient.id = 7"
    )
    assert "sensitive_visit" not in asked(known_patient.patient_query(with_clinic=False), patient=7)


def test_rows_of_hidden_visits_are_left_out() -> None:
    medicines = asked(known_patient.medicines_query(any_hidden=True), patient=7, hidden=[3, 4])
    assert "(prescription.visit_id IS NULL OR (prescription.visit_id NOT IN (3, 4)))" in medicines
    problems = asked(current_health.active_query(any_hidden=True), patient=7, hidden=[3])
    assert "(condition.visit_id IS NULL OR (condition.visit_id NOT IN (3)))" in problems


def test_assays_and_hot_rows_of_values_take_two_parameters() -> None:
    assert asked(newest.assays_query(), values=[11, 12], assays=[2]).endswith(
        "LEFT OUTER JOIN observation ON observation.assay_id = assay.id AND observation.id IN (SELECT id FROM"
        " OPENJSON('[11, 12]') WITH (id bigint '$')) WHERE assay.id IN (SELECT id FROM OPENJSON('[2]') WITH"
        " (id bigint '$'))"
    )


def test_the_clinic_of_a_printed_page_is_one_statement() -> None:
    whole = asked(letterhead.hot_clinic_query(any_hidden=True), patient=7, hidden=[3])
    assert whole.startswith(
        "SELECT TOP 1 clinic.name FROM visit JOIN clinic ON clinic.id = visit.clinic_id WHERE visit.patient_id = 7"
        " AND (visit.id IS NULL OR (visit.id NOT IN (3)))"
    )
    assert whole.endswith("ORDER BY visit.started_at DESC, visit.id DESC")


def test_the_clinic_of_archived_visits_is_told_by_the_holding() -> None:
    whole = asked(letterhead.held_clinic_query(any_hidden=True), patient=7, hidden=[3])
    assert whole == (
        "SELECT clinic.name FROM holding JOIN clinic ON clinic.id = holding.clinic_id WHERE holding.patient_id = 7"
        " AND holding.record_type = 'visit' AND holding.roots > 0 AND NOT (EXISTS (SELECT correction.id FROM"
        " correction WHERE correction.patient_id = holding.patient_id AND correction.in_force = 1 AND"
        " correction.row_type = 'visit' AND correction.row_id = holding.clinic_visit_id)) AND"
        " (holding.clinic_visit_id NOT IN (3))"
    )


def test_the_newest_archived_clinic_of_each_patient_is_one_statement() -> None:
    query = clinics.newest_query(archive_table(VISIT.root), [3, 7], Window(9, (8,)))
    assert compiled(query) == (
        "SELECT v.patient_id, v.clinic_id, v.id FROM (SELECT visit.patient_id AS patient_id,"
        " visit.clinic_id AS clinic_id, visit.id AS id, row_number() OVER (PARTITION BY visit.patient_id"
        " ORDER BY visit.ended_at DESC, visit.id DESC) AS place FROM visit"
        " WHERE visit.patient_id IN (SELECT id FROM OPENJSON('[3, 7]') WITH (id bigint '$'))"
        " AND visit.clinic_id IS NOT NULL AND visit.batch_id <= 9 AND (visit.batch_id NOT IN (8))) AS v"
        " WHERE v.place = 1"
    )
