"""Rows that are loaded into SQL Server as one document of JSON."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    MetaData,
    Numeric,
    String,
    Table,
)

from core.engines import mssql_documents
from core.models.base import Base, Json
from core.models.record_types import ARCHIVE_METADATA, SERVERS
from tests.unit.engines.compiled_tsql import DIALECT, parse


def test_rows_are_loaded_from_json() -> None:
    table = Table(
        "t",
        MetaData(),
        Column("id", BigInteger),
        Column("word", String(3)),
        Column("amount", Numeric(18, 6)),
        Column("at", DateTime(timezone=True)),
        Column("fields", Json),
    )
    statement = mssql_documents.insertion(DIALECT, table, table.columns.keys())
    parse(statement)
    assert statement == (
        "INSERT INTO t (id, word, amount, at, fields) SELECT id, word, amount, at, fields FROM OPENJSON(?) WITH"
        " (id BIGINT '$[0]', word NVARCHAR(max) '$[1]', amount NUMERIC(18, 6) '$[2]', at DATETIMEOFFSET(6) '$[3]',"
        " fields NVARCHAR(max) '$[4]')"
    )


@pytest.mark.parametrize("store", SERVERS)
def test_every_table_can_be_loaded(store: str) -> None:
    for table in (*Base.metadata.tables.values(), *ARCHIVE_METADATA[store].tables.values()):
        parse(mssql_documents.insertion(DIALECT, table, table.columns.keys()))


def test_what_json_has_no_type_for_is_refused() -> None:
    with pytest.raises(TypeError, match="complex"):
        mssql_documents.document([[1j]])


def test_numbers_keep_their_digits_and_instants_their_zone() -> None:
    values = [
        Decimal("100000000000.000001"),
        datetime(2026, 3, 1, 7, 30, tzinfo=UTC),
        date(2026, 3, 1),
        "é\n",
        None,
        True,
    ]
    assert mssql_documents.document([values]) == (
        '[["100000000000.000001","2026-03-01T07:30:00+00:00","2026-03-01","é\\n",null,true]]'
    )
