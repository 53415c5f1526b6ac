"""Statements as they are compiled for SQL Server, and as a parser of T-SQL takes them."""

from __future__ import annotations

from typing import Any

import sqlglot

from core.engines.mssql_dialect import Dialect

DIALECT = Dialect()


def compiled(statement: Any) -> str:
    text = str(statement.compile(dialect=DIALECT, compile_kwargs={"literal_binds": True}))
    parse(text)
    return " ".join(text.split())


def parse(text: str) -> None:
    """Raises ParseError for what is no T-SQL."""
    assert sqlglot.parse(text, read="tsql", error_level=sqlglot.ErrorLevel.RAISE)
