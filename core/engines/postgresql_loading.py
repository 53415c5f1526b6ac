"""Bulk loading on PostgreSQL: COPY, on the transaction of SQLAlchemy's connection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Select, Table, insert, text
from sqlalchemy import select as select_from

from core.engines import postgresql_connection
from core.engines.fault_kinds import EngineError

RESERVE_TRIES = 20
RESERVE = text("""
WITH ids AS MATERIALIZED (SELECT CAST(pg_get_serial_sequence(:table, 'id') AS regclass) AS name)
SELECT min(id), max(id)
FROM (SELECT nextval(ids.name) AS id FROM ids, generate_series(1, :count)) AS taken
""")


@contextmanager
def copy_out(connection: Connection, select: Select[Any]) -> Iterator[Iterator[bytes]]:
    """A `with` block that streams the rows of a query as COPY writes them."""
    # COPY takes no parameters. The values are numbers, instants and words of our own, never a person's input.
    query = select.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
    with (
        postgresql_connection.driver_cursor(connection) as cursor,
        cursor.copy(f"COPY ({query}) TO STDOUT") as copy,
    ):
        yield postgresql_connection.chunks(copy)


def copy_in(connection: Connection, table: Table, columns: Sequence[str], chunks: Iterable[bytes]) -> int:
    """Load chunks of COPY's text; returns the number of rows."""
    with postgresql_connection.driver_cursor(connection) as cursor:
        with cursor.copy(f"COPY {table.name} ({', '.join(columns)}) FROM STDIN") as copy:
            for chunk in chunks:
                copy.write(chunk)
        return int(cursor.rowcount)


@contextmanager
def keeping_ids(connection: Connection, table: Table) -> Iterator[None]:
    """PostgreSQL always lets a row bring its own id."""
    yield


def insert_copies(connection: Connection, table: Table, copy: Table) -> None:
    """Insert the rows of the copy as they are."""
    names = table.columns.keys()
    connection.execute(insert(table).from_select(names, select_from(*(copy.c[name] for name in names))))


def reserve_ids(connection: Connection, table: str, count: int) -> int:
    """Take `count` consecutive ids; tries again while others take ids in between. Raises EngineError."""
    for _ in range(RESERVE_TRIES):
        first, last = connection.execute(RESERVE, {"table": table, "count": count}).one()
        if last - first + 1 == count:
            return int(first)
    raise EngineError(f"no {count:,} ids of {table} in a row: others are inserting too fast, try again")
