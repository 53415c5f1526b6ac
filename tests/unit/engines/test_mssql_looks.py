"""Looks at a record, what is new since, and the head of each page about a patient, as SQL Server is asked."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import literal, select
from sqlalchemy.schema import CreateTable

from core.engines.mssql_dialect import Dialect
from core.models import Clinic, LastLook, Practitioner, VisitTie
from core.queries.hidden_visits import is_open_to_all
from core.stores.tables import hot_table
from tests.unit.engines.compiled_tsql import compiled, parse

SINCE = datetime(2026, 11, 1, tzinfo=UTC)


def test_a_look_is_one_row_for_an_account_and_a_patient() -> None:
    text = " ".join(str(CreateTable(LastLook.__table__).compile(dialect=Dialect())).split())  # type: ignore[arg-type]
    parse(text)
    assert "looked_at DATETIMEOFFSET(6) NOT NULL" in text
    assert "before_at DATETIMEOFFSET(6) NULL" in text
    assert "PRIMARY KEY (account_id, patient_id)" in text
    assert compiled(select(LastLook.looked_at).where(LastLook.account_id == 3, LastLook.patient_id == 7)) == (
        "SELECT last_look.looked_at FROM last_look WHERE last_look.account_id = 3 AND last_look.patient_id = 7"
    )


def test_visits_that_were_written_since() -> None:
    query = select(VisitTie.visit_id).where(VisitTie.patient_id == 7, VisitTie.recorded_at > SINCE)
    assert compiled(query) == (
        "SELECT visit_tie.visit_id FROM visit_tie WHERE visit_tie.patient_id = 7"
        " AND visit_tie.recorded_at > '2026-11-01 00:00:00+00:00'"
    )


def test_a_visit_that_is_hidden_from_nobody() -> None:
    visit = hot_table("visit")
    query = select(visit.c.id).where(is_open_to_all(visit)).order_by(visit.c.started_at.desc()).limit(1)
    assert compiled(query) == (
        "SELECT TOP 1 visit.id FROM visit WHERE NOT (EXISTS (SELECT sensitive_visit.visit_id FROM sensitive_visit"
        " WHERE sensitive_visit.visit_id = visit.id)) ORDER BY visit.started_at DESC"
    )


def test_names_of_clinics_and_practitioners_come_in_one_statement() -> None:
    parts = [
        select(literal(column), model.id, model.name).where(model.id.in_([1, 2]))
        for column, model in (("clinic_id", Clinic), ("practitioner_id", Practitioner))
    ]
    text = compiled(parts[0].union_all(*parts[1:]))
    assert text.count("UNION ALL") == 1
    assert "'clinic_id' AS anon_1, clinic.id, clinic.name" in text
