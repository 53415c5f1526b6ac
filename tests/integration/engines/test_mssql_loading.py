"""Rows that are loaded into a live SQL Server, and hashed there: of every type, as they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Engine,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    bindparam,
    cast,
    delete,
    func,
    insert,
    select,
)
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.types import TypeEngine

from core.engines import copy_text, mssql_documents, mssql_loading
from core.engines.functions import row_hash
from core.engines.mssql_hash import canonical_json
from core.models import Assay, Base
from core.models.base import Json
from core.stores import databases
from core.stores.databases import Store
from tests.integration.engines.live_sql_server import ADDRESS, babelfish, engine, schema, server

__all__ = ["babelfish", "engine", "schema", "server"]

pytestmark = pytest.mark.skipif(not ADDRESS, reason="STRATA_TEST_MSSQL_URL names no SQL Server")

ROW = Table(
    "row_of_every_type",
    MetaData(),
    Column("number", BigInteger),
    Column("word", Text),
    Column("flag", Boolean),
    Column("day", Date),
    Column("at", DateTime(timezone=True)),
    Column("amount", Numeric(18, 6)),
    Column("fields", Json),
)
INSTANTS = st.integers(-(2**51), 2**52).map(lambda n: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=n))
# U+0000 is no text to PostgreSQL, a lone surrogate to nobody.
WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
ROWS = st.fixed_dictionaries(
    {
        "number": st.none() | st.integers(-(2**63), 2**63 - 1),
        "word": st.none() | WORDS | st.sampled_from(["", " ", "a ", '"', "\\", "(", ",", "ｆ", "é", "e\u0301", "😀"]),
        "flag": st.none() | st.booleans(),
        "day": st.none() | st.dates(date(1900, 1, 1), date(2200, 1, 1)),
        "at": st.none() | INSTANTS,
        "amount": st.none() | st.decimals(-(10**11), 10**11, places=6),
        "fields": st.dictionaries(WORDS, WORDS | st.integers(-1000, 1000) | st.booleans(), max_size=3),
    }
)


def _load(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
    """Into the table of every type, which is emptied."""
    connection.execute(delete(ROW))
    lines = (
        [
            *(row[name] for name in ROW.columns.keys()[:-1]),
            None if row["fields"] is None else canonical_json(row["fields"]),
        ]
        for row in rows
    )
    return mssql_loading.copy_in(connection, ROW, ROW.columns.keys(), copy_text.write(lines))


def test_what_is_loaded_comes_back(engine: Engine) -> None:
    @settings(max_examples=100, deadline=None)
    @given(st.lists(ROWS, min_size=1, max_size=5))
    def comes_back(rows: list[dict[str, Any]]) -> None:
        assert _load(connection, rows) == len(rows)
        found = [dict(row) for row in connection.execute(select(ROW)).mappings()]
        assert len(found) == len(rows)
        assert [row for row in rows if row not in found] == []

    with engine.connect() as connection:
        ROW.create(connection)
        comes_back()
        connection.rollback()


def test_more_rows_than_go_at_a_time_are_loaded(engine: Engine) -> None:
    """Also where they are all alike."""
    count = mssql_documents.ROWS_A_DOCUMENT * mssql_documents.DOCUMENTS_A_CALL + mssql_documents.ROWS_A_DOCUMENT + 1
    with engine.connect() as connection:
        ROW.create(connection)
        assert _load(connection, [dict.fromkeys(ROW.columns.keys())] * count) == count
        assert connection.scalar(select(func.count()).select_from(ROW)) == count
        connection.rollback()


def test_after_a_load_that_failed_the_server_counts_ids_again(schema: Engine) -> None:
    assay = Base.metadata.tables["assay"]
    row = ["a", "A", "A", "lab"]
    with schema.connect() as connection:
        columns, rows = ["id", "code", "name", "short_name", "category"], [[1_001, *row], [1_002, *row]]
        savepoint = connection.begin_nested()
        with pytest.raises(IntegrityError):
            mssql_loading.copy_in(connection, assay, columns, copy_text.write(rows))
        savepoint.rollback()
        connection.execute(insert(Assay).values(code="b", name="B", short_name="B", category="lab"))
        connection.rollback()


@pytest.mark.parametrize("sign", ["x", "😀", '"'])
def test_a_long_text_is_loaded_whole(engine: Engine, sign: str) -> None:
    text = sign * 100_000
    with engine.connect() as connection:
        ROW.create(connection)
        empty = dict.fromkeys(ROW.columns.keys())
        assert _load(connection, [empty | {"word": text}, empty | {"word": "short"}]) == 2
        assert set(connection.scalars(select(ROW.c.word))) == {text, "short"}
        connection.rollback()


def test_bytes_are_loaded(engine: Engine) -> None:
    copy = Table("hashed", MetaData(), Column("id", BigInteger, autoincrement=False), Column("row_hash", LargeBinary))
    with engine.connect() as connection:
        copy.create(connection)
        assert (
            mssql_loading.copy_in(connection, copy, ["id", "row_hash"], copy_text.write([[1, b"\0\xff"], [2, None]]))
            == 2
        )
        assert connection.execute(select(copy).order_by(copy.c.id)).all() == [(1, b"\0\xff"), (2, None)]
        connection.rollback()


def test_a_text_that_is_too_long_is_refused_and_not_cut(engine: Engine) -> None:
    narrow = Table("narrow", MetaData(), Column("word", String(3)))
    with engine.connect() as connection:
        narrow.create(connection)
        with pytest.raises(DBAPIError):
            mssql_loading.copy_in(connection, narrow, ["word"], copy_text.write([["four"]]))
        connection.rollback()


def _row(values: dict[str, Any], types: Mapping[str, TypeEngine[Any]]) -> Any:
    """A derived table `t` of one row."""
    given = (cast(bindparam(f"p_{name}", values[name], kind), kind).label(name) for name, kind in types.items())
    return select(*given).subquery("t")


@pytest.mark.usefixtures("database")
def test_both_engines_hash_a_row_alike(engine: Engine, babelfish: bool) -> None:
    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
    @given(ROWS)
    def alike(values: dict[str, Any]) -> None:
        types = {column.name: column.type for column in ROW.columns}
        written = {**values, "fields": canonical_json(values["fields"])}
        # Its REPLACE takes a backslash in what it puts in for an escape, so that none is doubled there.
        assume(not (babelfish and "\\" in f"{values['word']}{written['fields']}"))
        ours, theirs = _row(values, types), _row(written, {**types, "fields": Text()})
        assert bytes(connection.scalar(select(row_hash(*theirs.c)))) == session.scalar(select(row_hash(*ours.c)))

    with databases.read(Store.HOT) as session, engine.connect() as connection:
        alike()
