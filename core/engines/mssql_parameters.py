"""Parameters that pyodbc can bind without a question to the server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Boolean, Date, DateTime, Integer, LargeBinary, Numeric
from sqlalchemy.types import TypeEngine

# The execution option by which a statement brings the sizes of its own parameters.
OPTION = "input_sizes"
Size = tuple[int, int, int]


def sizes(context: Any, dialect: Any) -> list[Size] | None:
    """The sizes of a statement's parameters: those the statement brings, or by the types of a compiled insert.

    None if the types are not enough. pyodbc asks the server for each size that it is not given; a server that can't
    answer may end the transaction without a word.
    """
    told = context.execution_options.get(OPTION)
    if told is not None or not context.isinsert or context.compiled is None:
        return told
    types = [context.compiled.binds[name].type for name in context.compiled.positiontup or ()]
    if not types or any(isinstance(kind, Numeric | Date | DateTime) for kind in types):
        return None
    return [size_of(kind, dialect) for kind in types]


def size_of(kind: TypeEngine[Any], dialect: Any) -> Size:
    """What pyodbc binds a column's values as: the driver's type, with no size and no digits."""
    driver = dialect.loaded_dbapi
    known = {
        Boolean: driver.SQL_BIT,
        Integer: driver.SQL_BIGINT,
        LargeBinary: driver.SQL_VARBINARY,
    }
    return next((size for of, size in known.items() if isinstance(kind, of)), driver.SQL_WVARCHAR), 0, 0


def with_nulls_written(statement: str, values: Sequence[Any]) -> tuple[str, Sequence[Any]]:
    """The statement with NULL in its text for each None, and the other values.

    pyodbc would ask the server for the type of each None.
    """
    parts = statement.split("?")
    if len(parts) != len(values) + 1 or all(value is not None for value in values):
        return statement, values
    marks = ("NULL" if value is None else "?" for value in values)
    text = parts[0] + "".join(mark + part for mark, part in zip(marks, parts[1:], strict=True))
    return text, tuple(value for value in values if value is not None)
