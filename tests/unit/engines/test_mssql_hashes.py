"""A row's hash as SQL Server is told to make it."""

from __future__ import annotations

import pytest
from sqlalchemy import (
    Column,
    Float,
    MetaData,
    Table,
    select,
)

from core.engines.fault_kinds import EngineError
from core.engines.functions import row_hash
from core.engines.mssql_hash import canonical_json
from core.models import Patient
from core.models.record_types import RECORD_TYPES
from tests.unit.engines.compiled_tsql import compiled

TABLES = [table for kind in RECORD_TYPES.values() for table in kind.tables]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_row_that_moves_can_be_hashed(table: Table) -> None:
    hashed = compiled(select(row_hash(*table.columns)))
    for name in list(table.columns.keys()):
        assert f"{table.name}.{name}" in hashed.replace("[", "").replace("]", "")


def test_a_field_that_is_hashed() -> None:
    assert compiled(select(row_hash(Patient.__table__.c.legal_hold))) == (
        "SELECT HASHBYTES('SHA2_256', CONVERT(varchar(max), (CAST(N'(' AS nvarchar(max))"
        " + CASE patient.legal_hold WHEN 1 THEN N't' WHEN 0 THEN N'f' ELSE N'' END + N')')"
        " COLLATE Latin1_General_100_BIN2_UTF8)) AS anon_1 FROM patient"
    )


def test_a_type_that_differs_on_both_engines_is_refused() -> None:
    table = Table("measure", MetaData(), Column("value", Float))
    with pytest.raises(EngineError, match="can't be hashed alike"):
        compiled(select(row_hash(table.c.value)))


def test_json_is_written_as_jsonb_prints_it() -> None:
    value = {"bb": [1, None, True], "a": {"é": "x", "z": 'q"'}}
    assert canonical_json(value) == '{"a": {"z": "q\\"", "é": "x"}, "bb": [1, null, true]}'
