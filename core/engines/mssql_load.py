"""Bulk loading: arrays of parameters (fast_executemany), of sizes that are told and not asked of the server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Boolean, Connection, Date, DateTime, Dialect, Integer, LargeBinary, Numeric, Table
from sqlalchemy.types import TypeEngine

ROWS_A_CALL = 5_000
OPTION = "input_sizes"


def load(connection: Connection, table: Table, columns: Sequence[str], rows: Iterator[Sequence[Any]]) -> int:
    """Insert rows of values by columns; returns how many."""
    types = [table.c[name].type for name in columns]
    dialect = connection.dialect
    listed = ", ".join(dialect.identifier_preparer.quote(name) for name in columns)
    statement = f"INSERT INTO {table.name} ({listed}) VALUES ({', '.join(_mark(kind, dialect) for kind in types)})"
    options = {OPTION: [_size(kind, dialect) for kind in types]}
    loaded = 0
    while part := [_bound(row, types) for row in islice(rows, ROWS_A_CALL)]:
        connection.exec_driver_sql(statement, part, execution_options=options)
        loaded += len(part)
    return loaded


def sizes(context: Any, dialect: Any) -> list[tuple[int, int, int]] | None:
    """What an array's columns are bound as: as told, or by the types of a compiled insert; None if they can't be told.

    Those of which the driver is told nothing it asks of the server, one by one; and where that can't answer, a server
    may end the transaction, unseen.
    """
    told = context.execution_options.get(OPTION)
    if told is not None or not context.isinsert or context.compiled is None:
        return told
    types = [context.compiled.binds[name].type for name in context.compiled.positiontup or ()]
    if not types or any(isinstance(kind, Numeric | Date | DateTime) for kind in types):
        return None
    return [_size(kind, dialect) for kind in types]


def with_nulls_written(statement: str, values: Sequence[Any]) -> tuple[str, Sequence[Any]]:
    """The statement with its NULLs in its text, and its other values: of a NULL's type the driver asks the server."""
    parts = statement.split("?")
    if len(parts) != len(values) + 1 or all(value is not None for value in values):
        return statement, values
    marks = ("NULL" if value is None else "?" for value in values)
    text = parts[0] + "".join(mark + part for mark, part in zip(marks, parts[1:], strict=True))
    return text, tuple(value for value in values if value is not None)


def _mark(kind: TypeEngine[Any], dialect: Dialect) -> str:
    """Numbers, days and instants go as text, which keeps all their digits."""
    is_text = isinstance(kind, Numeric | Date | DateTime)
    return f"CAST(? AS {kind.compile(dialect=dialect)})" if is_text else "?"


def _size(kind: TypeEngine[Any], dialect: Any) -> tuple[int, int, int]:
    driver = dialect.loaded_dbapi
    known = {
        Boolean: driver.SQL_BIT,
        Integer: driver.SQL_BIGINT,
        LargeBinary: driver.SQL_VARBINARY,
    }
    return next((size for of, size in known.items() if isinstance(kind, of)), driver.SQL_WVARCHAR), 0, 0


def _bound(row: Sequence[Any], types: Sequence[TypeEngine[Any]]) -> tuple[Any, ...]:
    return tuple(_value(value, kind) for value, kind in zip(row, types, strict=True))


def _value(value: Any, kind: TypeEngine[Any]) -> Any:
    if value is None:
        return None
    if isinstance(kind, Date | DateTime):
        return value.isoformat()
    return format(value, "f") if isinstance(kind, Numeric) else value
