"""What is written for SQL Server, against a live one: any server that speaks its protocol."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from sqlalchemy import (
    Engine,
    bindparam,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError

from core.engines import mssql_connection
from core.engines.fault_kinds import EngineError
from core.migrations.upgrade import upgrade
from core.models import Assay, Base, Patient
from core.models.record_types import ARCHIVE_METADATA, SERVERS
from tests import sql_server
from tests.integration.engines.live_sql_server import ADDRESS, babelfish, engine, schema, server

__all__ = ["babelfish", "engine", "schema", "server"]
pytestmark = pytest.mark.skipif(not ADDRESS, reason="STRATA_TEST_MSSQL_URL names no SQL Server")
IDENTITIES = "SELECT OBJECT_NAME(object_id), name FROM sys.columns WHERE is_identity = 1"


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
