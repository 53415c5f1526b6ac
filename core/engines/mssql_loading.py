"""Bulk loading on SQL Server: COPY's text, written and read in this process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import JSON, Connection, Select, Table, Text, insert, type_coerce
from sqlalchemy import select as select_from

from core.engines import copy_text, mssql_documents, mssql_restoring
from core.engines.mssql_server import session_setting

ROWS_A_FETCH = 5_000


@contextmanager
def copy_out(connection: Connection, select: Select[Any]) -> Iterator[Iterator[bytes]]:
    """A `with` block that streams the rows of a query as COPY would write them."""
    # JSON as the server's text: in Python, NULL and JSON's `null` are both None.
    columns = [type_coerce(one, Text) if isinstance(one.type, JSON) else one for one in select.selected_columns]
    yield copy_text.write(
        connection.execute(select.with_only_columns(*columns).execution_options(yield_per=ROWS_A_FETCH))
    )


def copy_in(connection: Connection, table: Table, columns: Sequence[str], chunks: Iterable[bytes]) -> int:
    """Load chunks of COPY's text; returns the number of rows."""
    rows = copy_text.read(chunks, [table.c[name].type for name in columns])
    if "id" not in columns:
        return mssql_documents.load(connection, table, columns, rows)
    with keeping_ids(connection, table):
        return mssql_documents.load(connection, table, columns, rows)


@contextmanager
def keeping_ids(connection: Connection, table: Table) -> Iterator[None]:
    """A `with` block in which inserted rows bring their own ids."""
    if not mssql_restoring.has_identity(table):
        yield
        return
    setting = f"SET IDENTITY_INSERT {table.name}"
    with session_setting(connection, f"{setting} ON", f"{setting} OFF"):
        yield


def insert_copies(connection: Connection, table: Table, copy: Table) -> None:
    """Insert the rows of the copy: as the table's owner, or else by the procedure that the owner made for it."""
    if not mssql_restoring.may_alter(connection, table):
        mssql_restoring.bring_back(connection, table)
        return
    names = table.columns.keys()
    with keeping_ids(connection, table):
        connection.execute(insert(table).from_select(names, select_from(*(copy.c[name] for name in names))))


def reserve_ids(connection: Connection, table: str, count: int) -> int:
    """Move the table's counter of ids past `count` ids; returns the first of them."""
    # Locks the table: no other transaction may take an id between the look at the counter and its move.
    connection.exec_driver_sql(f"SELECT TOP 1 id FROM {table} WITH (TABLOCKX, HOLDLOCK)").all()
    first = int(connection.exec_driver_sql(f"SELECT IDENT_CURRENT('{table}')").scalar() or 0) + 1
    # Whether the counter is the last id or the next depends on whether the table ever had a row: so skip one id.
    connection.exec_driver_sql(f"DBCC CHECKIDENT ('{table}', RESEED, {first + count})")
    return first
