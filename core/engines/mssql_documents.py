"""Bulk inserts by JSON: each document holds some rows, and one call sends an array of documents.

With an array of rows (fast_executemany alone) the server runs one statement for each row; with much longer documents
it takes more time for each row. Two kinds of rows still go as an array of rows: those with values that JSON can't
hold, and, on a server that can't read JSON's escapes, those that need escapes. Each array brings its parameters'
sizes, so that the driver does not ask the server for them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import islice
from types import NoneType
from typing import Any

from sqlalchemy import JSON, Connection, Date, DateTime, Dialect, LargeBinary, Numeric, String, Table
from sqlalchemy.types import TypeEngine

from core.engines.mssql_parameters import OPTION, size_of

ROWS_A_DOCUMENT = 100
DOCUMENTS_A_CALL = 50
ESCAPE = "\\"
# Some servers' OPENJSON cuts a text after 4,000 UTF-16 units, whatever its type. A character takes one or two.
LONG = 2_000
NATIVE = (str, int, bytes, NoneType)
Rows = list[Sequence[Any]]


def load(connection: Connection, table: Table, columns: Sequence[str], rows: Iterator[Sequence[Any]]) -> int:
    """Insert rows, each a list of values in the order of `columns`; returns the number of rows."""
    dialect: Any = connection.dialect
    statement = insertion(dialect, table, columns)
    options = {OPTION: [(dialect.loaded_dbapi.SQL_WVARCHAR, 0, 0)]}
    # JSON can't hold bytes. Only the temporary copies of a restore have them.
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
    """The rows as documents, and the rows that the server would read wrongly from a document."""
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
    """Rows as JSON. Raises TypeError for a value that neither JSON nor `_text` can write."""
    return json.dumps(rows, default=_text, ensure_ascii=False, separators=(",", ":"))


def _load_rows(connection: Connection, table: Table, columns: Sequence[str], rows: Rows) -> None:
    types = [table.c[name].type for name in columns]
    dialect = connection.dialect
    listed = ", ".join(dialect.identifier_preparer.quote(name) for name in columns)
    statement = f"INSERT INTO {table.name} ({listed}) VALUES ({', '.join(_mark(kind, dialect) for kind in types)})"
    values = [tuple(value if isinstance(value, NATIVE) else _text(value) for value in row) for row in rows]
    options = {OPTION: [size_of(kind, dialect) for kind in types]}
    connection.exec_driver_sql(statement, values, execution_options=options)


def _mark(kind: TypeEngine[Any], dialect: Dialect) -> str:
    """The placeholder of a column's value: decimals, days and instants go as text, which keeps all their digits."""
    is_text = isinstance(kind, Numeric | Date | DateTime)
    return f"CAST(? AS {kind.compile(dialect=dialect)})" if is_text else "?"


def _kind(kind: TypeEngine[Any], dialect: Dialect) -> str:
    """The type that OPENJSON reads a column as. A text has no length here, so that its column refuses a longer one.

    With the column's own length, OPENJSON would cut the text.
    """
    return "NVARCHAR(max)" if isinstance(kind, String | JSON) else kind.compile(dialect=dialect)


def _text(value: Any) -> str:
    """A value that JSON has no type for, as text with all its digits."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"a value of {type(value).__name__} can't be loaded")
