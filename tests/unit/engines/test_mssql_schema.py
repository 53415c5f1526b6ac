"""Tables and indexes as SQL Server is told to make them."""

from __future__ import annotations

import pytest
from sqlalchemy.schema import AddConstraint, CreateIndex, CreateTable

from core.engines.mssql_tables import unique_constraints
from core.models.base import Base
from core.models.record_types import ARCHIVE_METADATA, DEPARTED
from tests.unit.engines.compiled_tsql import DIALECT, compiled


def test_text_is_unicode_and_instants_keep_microseconds() -> None:
    table = Base.metadata.tables["patient"]
    made = compiled(CreateTable(table))
    assert "name NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL" in made
    assert "id BIGINT NOT NULL IDENTITY" in made
    assert "created_at DATETIMEOFFSET(6)" in made
    assert "legal_hold BIT" in made


@pytest.mark.parametrize("server", list(ARCHIVE_METADATA))
def test_tables_of_an_archive_keep_every_id_and_every_character(server: str) -> None:
    for table in ARCHIVE_METADATA[server].tables.values():
        assert "IDENTITY" not in compiled(CreateTable(table)), table.name
        types = {column.type.compile(dialect=DIALECT).split("(")[0] for column in table.columns}
        # What is kept of rows that left is no text.
        more = {"VARBINARY"} if table.name == DEPARTED else set()
        assert not types - {"BIGINT", "BIT", "DATE", "DATETIMEOFFSET", "NUMERIC", "NVARCHAR"} - more, table.name


INDEXES = {
    "one that is left": (
        "outbox_message",
        "ix_outbox_message_open",
        "CREATE INDEX ix_outbox_message_open ON outbox_message (due_at) WHERE done_at IS NULL",
    ),
    "of a flag": (
        "patient",
        "ix_patient_legal_hold",
        "CREATE INDEX ix_patient_legal_hold ON patient (id) WHERE legal_hold = 1",
    ),
    "that covers what is asked of cold rows": (
        "visit",
        "ix_visit_ended",
        "CREATE INDEX ix_visit_ended ON visit (ended_at, id) INCLUDE (patient_id, status)",
    ),
}


@pytest.mark.parametrize("name", list(INDEXES))
def test_indexes_are_filtered_and_covering(name: str) -> None:
    table, index, expected = INDEXES[name]
    found = next(one for one in Base.metadata.tables[table].indexes if one.name == index)
    assert compiled(CreateIndex(found)) == expected


UNIQUE = {
    "patient": "CREATE UNIQUE INDEX uq_patient_national_id_hash ON patient (national_id_hash)"
    " WHERE national_id_hash IS NOT NULL",
    "account": "CREATE UNIQUE INDEX uq_account_username ON account (username)",
    # On PostgreSQL too, NULL equals NULL here.
    "assay": "CREATE UNIQUE INDEX uq_assay_system_code_unit ON assay (system, code, unit)",
}


@pytest.mark.parametrize("name", list(UNIQUE))
def test_null_is_equal_to_nothing_where_values_are_unique(name: str) -> None:
    table = Base.metadata.tables[name]
    assert "UNIQUE" not in compiled(CreateTable(table))
    assert UNIQUE[name] in [compiled(AddConstraint(one)) for one in unique_constraints(table)]


def test_every_key_of_an_index_has_a_length() -> None:
    """No key of an index is of unlimited length: SQL Server takes none."""
    for table in Base.metadata.tables.values():
        keys = [index.columns for index in table.indexes] + [one.columns for one in unique_constraints(table)]
        for column in [column for columns in [*keys, table.primary_key.columns] for column in columns]:
            assert "max" not in column.type.compile(dialect=DIALECT), f"{table.name}.{column.name}"
