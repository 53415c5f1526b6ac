"""What is written for SQL Server, against a live one: any server that speaks its protocol.

STRATA_TEST_MSSQL_URL is its address (mssql+pyodbc://...), with a login that may create databases.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
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
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.types import TypeEngine

from core.engines import copy_text, mssql_connection, mssql_documents, mssql_loading
from core.engines.fault_kinds import EngineError
from core.engines.functions import row_hash
from core.engines.mssql_hash import canonical_json
from core.migrations.upgrade import upgrade
from core.models import Assay, Base, Patient
from core.models.base import Json
from core.models.record_types import ARCHIVE_METADATA, SERVERS
from core.stores import databases
from core.stores.databases import Store
from tests import sql_server

ADDRESS = os.environ.get(sql_server.ADDRESS, "")

pytestmark = pytest.mark.skipif(not ADDRESS, reason="STRATA_TEST_MSSQL_URL names no SQL Server")

IDENTITIES = "SELECT OBJECT_NAME(object_id), name FROM sys.columns WHERE is_identity = 1"

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


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with sql_server.database(ADDRESS) as address:
        yield address


@pytest.fixture(scope="module")
def engine(server: str) -> Iterator[Engine]:
    made = mssql_connection.make_engine(server, read_only=False, seconds=60)
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def babelfish(engine: Engine) -> bool:
    """Whether the server is Babelfish, which lacks what the tests that ask this name."""
    with engine.connect() as connection:
        return "Babelfish" in str(connection.exec_driver_sql("SELECT @@VERSION").scalar())


@pytest.fixture(scope="module")
def schema(engine: Engine) -> Engine:
    with engine.begin() as connection:
        upgrade(connection, "primary")
    return engine


def test_the_same_migrations_make_the_primary(schema: Engine) -> None:
    found = inspect(schema)
    for table in Base.metadata.tables.values():
        names = {column["name"] for column in found.get_columns(table.name)}
        assert names >= set(table.columns.keys()), table.name


def test_the_server_counts_ids_where_the_models_say_so_and_nowhere_else(schema: Engine) -> None:
    counted = {(t.name, c.name) for t in Base.metadata.tables.values() for c in t.columns if c.identity is not None}
    with schema.connect() as connection:
        assert set(map(tuple, connection.execute(text(IDENTITIES)))) == counted


@pytest.mark.parametrize("store", SERVERS)
def test_the_same_migrations_make_an_archive(store: str) -> None:
    with sql_server.database(ADDRESS) as address:
        made = mssql_connection.make_engine(address, read_only=False, seconds=60)
        with made.begin() as connection:
            upgrade(connection, store)
        found = inspect(made)
        for table in ARCHIVE_METADATA[store].tables.values():
            assert [column["name"] for column in found.get_columns(table.name)] == table.columns.keys()
        made.dispose()


def test_text_of_every_script_comes_back(schema: Engine) -> None:
    name = "陈 Ünal 😀 O'Neil"
    with schema.connect() as connection:
        row = {"name": name, "sex": "female", "birth_on": date(1950, 2, 28), "version": 1}
        connection.execute(insert(Patient).values(**row))
        found = connection.execute(select(Patient.__table__).where(Patient.name == name)).one()
        assert (found.name, found.birth_on, found.legal_hold) == (name, date(1950, 2, 28), False)
        assert abs(found.created_at - datetime.now(UTC)) < timedelta(minutes=5)
        connection.rollback()


def test_instants_are_the_same_whatever_their_zone(schema: Engine) -> None:
    moment = datetime(2026, 3, 1, 7, 30, 0, 123456, timezone(timedelta(hours=8)))
    with schema.connect() as connection:
        row = {"name": "A", "sex": "male", "birth_on": date(2000, 1, 1), "version": 1, "created_at": moment}
        connection.execute(insert(Patient).values(**row))
        assert connection.scalar(select(Patient.created_at).where(Patient.created_at == moment)) == moment
        connection.rollback()


def test_null_is_equal_to_nothing_but_values_are_unique(schema: Engine) -> None:
    row = {"name": "A", "sex": "male", "birth_on": date(2000, 1, 1), "version": 1}
    with schema.connect() as connection:
        for _ in range(2):
            connection.execute(insert(Patient).values(**row))
        connection.execute(insert(Patient).values(**row, national_id_hash="0" * 64))
        with pytest.raises(IntegrityError):
            connection.execute(insert(Patient).values(**row, national_id_hash="0" * 64))
        connection.rollback()


def test_a_row_that_is_locked_is_skipped(schema: Engine, babelfish: bool) -> None:
    if babelfish:
        pytest.skip("Babelfish: UPDLOCK and READPAST have no effect")
    with schema.begin() as connection:
        connection.execute(insert(Assay).values(code="l", name="L", short_name="L", category="lab"))
        connection.execute(insert(Assay).values(code="m", name="M", short_name="M", category="lab"))
    query = select(Assay.id).where(Assay.code.in_(["l", "m"])).order_by(Assay.id)
    with schema.connect() as first, schema.connect() as second:
        held = first.execute(query.limit(1).with_for_update()).scalars().all()
        free = second.execute(query.with_for_update(skip_locked=True)).scalars().all()
        assert held
        assert not set(held) & set(free)
        first.rollback()
        second.rollback()


def test_results_on_one_connection_are_read_by_turns(engine: Engine) -> None:
    with engine.connect() as connection:
        first = connection.execute(text("SELECT 1 UNION ALL SELECT 2 ORDER BY 1")).scalars()
        assert first.fetchmany(1) == [1]
        assert connection.execute(text("SELECT 3")).scalars().all() == [3]
        assert first.all() == [2]


def test_a_null_ends_no_transaction(schema: Engine) -> None:
    """Where the driver asks for a NULL's type, and the server can't tell it, what was written before may go."""
    row = {"name": "A", "sex": "male", "birth_on": date(2000, 1, 1), "version": 1}
    with schema.connect() as connection:
        kept = connection.execute(insert(Patient).values(**row).returning(Patient.id)).scalar_one()
        connection.execute(update(Patient).where(Patient.id == kept).values(phone=None))
        changes = [{"of": kept, "reason": None}, {"of": kept, "reason": "why"}]
        by_id = update(Patient).where(Patient.id == bindparam("of")).values(phone=bindparam("reason"))
        connection.execute(by_id, changes)
        assert connection.scalar(select(Patient.phone).where(Patient.id == kept)) == "why"
        connection.rollback()


def test_what_is_the_servers_fault_is_raised_as_such(engine: Engine) -> None:
    with engine.connect() as connection, pytest.raises(OperationalError):
        connection.exec_driver_sql("RAISERROR('no room (1105) (SQLExecDirectW)', 16, 1)")
    with engine.connect() as connection, pytest.raises(ProgrammingError):
        connection.exec_driver_sql("SELECT * FROM no_such_table")


def test_a_statement_is_ended_in_time(server: str) -> None:
    hasty = mssql_connection.make_engine(server, read_only=False, seconds=1)
    began = datetime.now(UTC)
    with hasty.connect() as connection, pytest.raises(DBAPIError):
        connection.exec_driver_sql("WAITFOR DELAY '00:00:10'")
    assert datetime.now(UTC) - began < timedelta(seconds=5)
    hasty.dispose()


def test_a_connection_that_reads_does_not_write(server: str) -> None:
    reading = mssql_connection.make_engine(server, read_only=True, seconds=10)
    with reading.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
        with pytest.raises(EngineError, match="was to run: DELETE"):
            connection.execute(text("DELETE FROM patient"))
    reading.dispose()


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


def test_a_session_in_which_a_statement_failed_is_not_used_again(server: str) -> None:
    one = mssql_connection.make_engine(server, read_only=False, seconds=60, pool_size=1, max_overflow=0)
    seen = []
    for statement in ("SELECT 1", "SELECT 1", "SELECT * FROM no_such_table", "SELECT 1"):
        with one.connect() as connection:
            seen.append(connection.exec_driver_sql("SELECT @@SPID").scalar())
            with suppress(ProgrammingError):
                connection.exec_driver_sql(statement)
    one.dispose()
    assert seen[0] == seen[1] == seen[2] != seen[3]


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
