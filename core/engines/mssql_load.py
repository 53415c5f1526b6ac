"""Bulk loading: arrays of parameters (fast_executemany), of sizes that are told and not asked of the server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Boolean, Connection, Date, DateTime, Dialect, Engine, Integer, LargeBinary, Numeric, Table, event
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


def tell_sizes(engine: Engine) -> None:
    """Let the engine's connections take the sizes that a statement's options name."""

    @event.listens_for(engine, "before_cursor_execute")
    def _told(_connection: Connection, cursor: Any, _statement: str, _values: Any, context: Any, _many: bool) -> None:
        sizes = context.execution_options.get(OPTION)
        if sizes is not None:
            cursor.setinputsizes(sizes)


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
