"""Which rows count, in T-SQL: looked up for hot rows, by ids for archived ones, and by what has been moved."""

from __future__ import annotations

import pytest
import sqlglot
from sqlalchemy import select
from sqlalchemy.schema import CreateTable

from core.engines.mssql_dialect import Dialect
from core.models import Base
from core.stores import archived
from core.stores.counted import EnteredInError, counts
from core.stores.tables import hot_table, linked_table

OUT = EnteredInError({"visit": frozenset({7}), "note": frozenset({3, 5})})
EXISTS = "SELECT correction.id FROM correction WHERE correction.patient_id = {0}.patient_id AND correction.in_force = 1"


def compiled(statement: object) -> str:
    text = str(statement.compile(dialect=Dialect(), compile_kwargs={"literal_binds": True}))  # type: ignore[attr-defined]
    sqlglot.parse_one(text, read="tsql")
    return " ".join(text.split())


def test_of_a_hot_note_the_database_looks_for_itself_and_for_its_visit() -> None:
    table = hot_table("note")
    assert compiled(select(table.c.id).where(counts(table))) == (
        "SELECT note.id FROM note WHERE NOT (EXISTS (" + EXISTS.format("note") + " AND"
        " (correction.row_type = 'note' AND correction.row_id = note.id"
        " OR correction.row_type = 'visit' AND correction.row_id = note.visit_id)))"
    )


def test_of_a_hot_visit_it_looks_for_itself() -> None:
    table = hot_table("visit")
    assert compiled(select(table.c.id).where(counts(table))) == (
        "SELECT visit.id FROM visit WHERE NOT (EXISTS (" + EXISTS.format("visit") + " AND"
        " correction.row_type = 'visit' AND correction.row_id = visit.id))"
    )


@pytest.mark.parametrize(
    ("name", "condition"),
    [
        ("note", "(note.id NOT IN (3, 5)) AND (note.visit_id IS NULL OR (note.visit_id NOT IN (7)))"),
        ("visit", "(visit.id NOT IN (7))"),
        ("allergy", "1 = 1"),
    ],
)
def test_of_an_archived_row_the_ids_go_to_the_archive(name: str, condition: str) -> None:
    table = hot_table(name)
    assert compiled(select(table.c.id).where(OUT.counts(table))) == f"SELECT {name}.id FROM {name} WHERE {condition}"


def test_nothing_is_asked_of_an_archive_where_nothing_was_entered_in_error() -> None:
    table = linked_table("note")
    assert "WHERE 1 = 1" in compiled(select(table.c.id).where(EnteredInError({}).counts(table)))


def test_the_table_is_made() -> None:
    text = compiled(CreateTable(Base.metadata.tables["correction"]))
    assert "in_force BIT NOT NULL" in text
    assert "reason NVARCHAR(400) COLLATE Latin1_General_100_BIN2 NOT NULL" in text


def test_which_batches_count_as_archived_is_one_statement() -> None:
    batches = "FROM batch WHERE batch.record_type = 'visit' AND batch.kind != 'restore'"
    assert compiled(archived.window_query("visit")) == (
        f"SELECT 'last', max(batch.id) AS max_1 {batches}"
        f" UNION ALL SELECT 'moving', batch.id {batches} AND (batch.state NOT IN ('released', 'purged'))"
        " UNION ALL SELECT 'restored', restored_root.root_id FROM restored_root"
        " WHERE restored_root.record_type = 'visit' AND restored_root.purged_at IS NULL AND restored_root.by_id = 1"
    )
