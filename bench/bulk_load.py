"""Bulk loading into SQL Server against inserts row by row, in one run: `STRATA_TEST_MSSQL_URL` names the server."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import click
from sqlalchemy import Connection, Engine, insert, make_url

from bench._spread import spread
from core.engines import copy_text, mssql_loading
from core.engines.mssql_connection import make_engine
from core.models import Base
from core.models.record_types import archive_table

TABLE = archive_table(Base.metadata.tables["observation"])
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
ROWS, REPETITIONS, WARM_UP_ROWS = 5_000, 5, 50


def rows(count: int) -> list[dict[str, Any]]:
    """Results as an archive takes them, of the width that real ones have."""
    return [
        {
            "id": number, "patient_id": number // 40, "visit_id": number // 4, "assay_id": number % 60,
            "value_number": Decimal(number) / 7, "value_text": None, "unit": "mmol/L", "ref_low": Decimal("3.9"),
            "ref_high": Decimal("5.8"), "interpretation": "N", "observed_at": BEGAN + timedelta(minutes=number),
            "version": 1, "batch_id": 1,
        }
        for number in range(1, count + 1)
    ]  # fmt: skip


def _seconds(connection: Connection, load: Callable[[], object]) -> float:
    """How long a load takes in a transaction of its own, which is then undone."""
    connection.begin()
    began = time.perf_counter()
    load()
    spent = time.perf_counter() - began
    connection.rollback()
    return spent


def run(scale: float, say: Callable[[str], None]) -> dict[str, Any]:
    """How many times as fast as inserts row by row: in one transaction, each in one of its own, and past our dialect.

    The last is pyodbc as it comes, in one transaction: it asks the server for the type of each NULL.
    """
    address = os.environ.get("STRATA_TEST_MSSQL_URL")
    if not address:
        raise click.ClickException("STRATA_TEST_MSSQL_URL must name a SQL Server, with a login that may make databases")
    count = max(100, round(ROWS * scale))
    listed = rows(count)
    columns = list(listed[0])
    staged = list(copy_text.write(row.values() for row in listed))
    in_one, alone, plain, loads = [], [], [], []
    with _database(address) as engine, engine.connect() as connection:
        TABLE.create(connection)
        connection.commit()
        # The server has seen both statements, and the driver the types, before the clock runs.
        mssql_loading.copy_in(connection, TABLE, columns, copy_text.write(row.values() for row in rows(WARM_UP_ROWS)))
        connection.rollback()
        _insert(connection, rows(WARM_UP_ROWS))
        connection.rollback()
        for number in range(REPETITIONS):
            say(f"repetition {number + 1} of {REPETITIONS}: {count:,} rows each way")
            loads.append(_seconds(connection, lambda: mssql_loading.copy_in(connection, TABLE, columns, staged)))
            in_one.append(_seconds(connection, lambda: _insert(connection, listed)))
            plain.append(_seconds(connection, lambda: _insert_plainly(connection, listed)))
            alone.append(_seconds(connection, lambda: _insert(connection, listed, commit=True)))
            connection.exec_driver_sql(f"TRUNCATE TABLE {TABLE.name}")
            connection.commit()
    return {
        "ratio_to_own_transactions": spread([one / load for one, load in zip(alone, loads, strict=True)]),
        "ratio_to_one_transaction": spread([one / load for one, load in zip(in_one, loads, strict=True)]),
        "ratio_to_plain_driver": spread([one / load for one, load in zip(plain, loads, strict=True)]),
        "bulk_rows_per_second": spread([count / load for load in loads]),
        "row_by_row_rows_per_second": spread([count / one for one in in_one]),
        "rows": count,
    }


def _insert(connection: Connection, listed: list[dict[str, Any]], *, commit: bool = False) -> None:
    for row in listed:
        connection.execute(insert(TABLE), row)
        if commit:
            connection.commit()


def _insert_plainly(connection: Connection, listed: list[dict[str, Any]]) -> None:
    compiled = insert(TABLE).values(listed[0]).compile(dialect=connection.dialect)
    cursor = connection.connection.cursor()
    for row in listed:
        values = [row[name] for name in compiled.positiontup or ()]
        cursor.execute(str(compiled), [one.isoformat() if isinstance(one, datetime) else one for one in values])
    cursor.close()


@contextmanager
def _database(address: str) -> Iterator[Engine]:
    name = f"strata_bench_{secrets.token_hex(4)}"
    owner = make_engine(address, read_only=False, seconds=0).execution_options(isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    here = make_url(address).set(database=name).render_as_string(hide_password=False)
    made = make_engine(here, read_only=False, seconds=0)
    try:
        yield made
    finally:
        made.dispose()
        with owner.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name}")
        owner.dispose()
