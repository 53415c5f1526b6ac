"""Bulk loading: rows as JSON, some in each of an array of documents, so that one statement inserts many of them.

An array of rows (fast_executemany alone) is a statement a row for the server; and documents that are much longer take
it longer a row. So go only rows that JSON has no words for, and to a server that reads no escapes those that need any.
Arrays' sizes are told, and not asked of the server.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import islice
from types import NoneType
from typing import Any

from sqlalchemy import JSON, Boolean, Connection, Date, DateTime, Dialect, Integer, LargeBinary, Numeric, String, Table
from sqlalchemy.types import TypeEngine

ROWS_A_DOCUMENT = 100
DOCUMENTS_A_CALL = 50
ESCAPE = "\\"
# Not every server's OPENJSON gives more than 4,000 of UTF-16's units, whatever is asked; a sign takes one or two.
LONG = 2_000
NATIVE = (str, int, bytes, NoneType)
OPTION = "input_sizes"
Rows = list[Sequence[Any]]


def load(connection: Connection, table: Table, columns: Sequence[str], rows: Iterator[Sequence[Any]]) -> int:
    """Insert rows of values by columns; returns how many."""
    dialect: Any = connection.dialect
    statement = insertion(dialect, table, columns)
    options = {OPTION: [(dialect.loaded_dbapi.SQL_WVARCHAR, 0, 0)]}
    # JSON has no bytes; only the copies that a restore takes have them.
    has_bytes = any(isinstance(table.c[name].type, LargeBinary) for name in columns)
    loaded = 0
    while part := list(islice(rows, ROWS_A_DOCUMENT * DOCUMENTS_A_CALL)):
        documents, others = ([], part) if has_bytes else _documents(part, reads_escapes=dialect.reads_escapes)
        if documents:
            connection.exec_driver_sql(statement, documents, execution_options=options)
        if others:
            _load_rows(connection, table, columns, others)
        loaded += len(part)
    return loaded


def insertion(dialect: Dialect, table: Table, columns: Sequence[str]) -> str:
    """The statement that inserts the rows of a document: `[[a column's value, the next's, ...], ...]`."""
    quoted = [dialect.identifier_preparer.quote(name) for name in columns]
    typed = (
        f"{name} {_kind(table.c[column].type, dialect)} '$[{position}]'"
        for position, (name, column) in enumerate(zip(quoted, columns, strict=True))
    )
    listed = ", ".join(quoted)
    return f"INSERT INTO {table.name} ({listed}) SELECT {listed} FROM OPENJSON(?) WITH ({', '.join(typed)})"


def _documents(rows: Rows, *, reads_escapes: bool) -> tuple[list[tuple[str]], Rows]:
    """Documents of the rows; and rows that a server would get wrong, for their documents have escapes or long texts."""
    documents, others = [], []
    for at in range(0, len(rows), ROWS_A_DOCUMENT):
        some = rows[at : at + ROWS_A_DOCUMENT]
        text = None if any(map(_is_long, some)) else document(some)
        if text is None or (ESCAPE in text and not reads_escapes):
            others += some
        else:
            documents.append((text,))
    return documents, others


def _is_long(row: Sequence[Any]) -> bool:
    return any(isinstance(value, str) and len(value) > LONG for value in row)


def document(rows: Rows) -> str:
    """Rows as JSON. Raises TypeError for a value of a type that neither it nor `_text` has."""
    return json.dumps(rows, default=_text, ensure_ascii=False, separators=(",", ":"))


def _load_rows(connection: Connection, table: Table, columns: Sequence[str], rows: Rows) -> None:
    types = [table.c[name].type for name in columns]
    dialect = connection.dialect
    listed = ", ".join(dialect.identifier_preparer.quote(name) for name in columns)
    statement = f"INSERT INTO {table.name} ({listed}) VALUES ({', '.join(_mark(kind, dialect) for kind in types)})"
    values = [tuple(value if isinstance(value, NATIVE) else _text(value) for value in row) for row in rows]
    options = {OPTION: [_size(kind, dialect) for kind in types]}
    connection.exec_driver_sql(statement, values, execution_options=options)


def _mark(kind: TypeEngine[Any], dialect: Dialect) -> str:
    """Numbers, days and instants go as text, which keeps all their digits."""
    is_text = isinstance(kind, Numeric | Date | DateTime)
    return f"CAST(? AS {kind.compile(dialect=dialect)})" if is_text else "?"


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


def _kind(kind: TypeEngine[Any], dialect: Dialect) -> str:
    """A text of any length, whatever its column's: what is too long is then refused by the column, and not cut."""
    return "NVARCHAR(max)" if isinstance(kind, String | JSON) else kind.compile(dialect=dialect)


def _size(kind: TypeEngine[Any], dialect: Any) -> tuple[int, int, int]:
    driver = dialect.loaded_dbapi
    known = {
        Boolean: driver.SQL_BIT,
        Integer: driver.SQL_BIGINT,
        LargeBinary: driver.SQL_VARBINARY,
    }
    return next((size for of, size in known.items() if isinstance(kind, of)), driver.SQL_WVARCHAR), 0, 0


def _text(value: Any) -> str:
    """Of what JSON has no type for: with all its digits."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"a value of {type(value).__name__} can't be loaded")
