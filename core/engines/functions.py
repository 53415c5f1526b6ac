"""SQL that each engine words otherwise: a condition on many ids, seconds between instants, the day of an instant."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Date,
    Dialect,
    Float,
    SQLColumnExpression,
    Text,
    TypeDecorator,
    bindparam,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

Column = SQLColumnExpression[Any]


class _Ids(TypeDecorator[Sequence[int]]):
    """Row ids as one parameter, however many: an array, or a JSON array where there are none."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(ARRAY(BigInteger()) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Sequence[int] | None, dialect: Dialect) -> Any:
        return value if value is None or dialect.name == "postgresql" else json.dumps(value)


class _Worded(FunctionElement[Any]):
    """A function that each engine words otherwise: `words`, by dialect, with its arguments in braces."""

    inherit_cache = True
    words: ClassVar[Mapping[str, str]]


@compiles(_Worded)
def _worded(element: _Worded, compiler: SQLCompiler, **options: Any) -> str:
    arguments = [compiler.process(clause, **options) for clause in element.clauses]
    return element.words[compiler.dialect.name].format(*arguments)


class any_of(_Worded):
    """Whether a column is one of these ids; one parameter, for SQL Server takes no more than 2,100."""

    type = Boolean()
    inherit_cache = True
    words: ClassVar = {
        "postgresql": "{0} = ANY({1})",
        "mssql": "{0} IN (SELECT id FROM OPENJSON({1}) WITH (id bigint '$'))",
    }
    # A condition, not a value of type BIT that would have to equal 1.
    _is_implicitly_boolean = True

    def __init__(self, column: Column, ids: Iterable[int]) -> None:
        super().__init__(column, bindparam(None, list(ids), type_=_Ids()))


class seconds_between(_Worded):
    """Seconds from one instant to another, with their fraction."""

    type = Float()
    inherit_cache = True
    words: ClassVar = {
        "postgresql": "EXTRACT(epoch FROM {1} - {0})",
        "mssql": "(DATEDIFF_BIG(microsecond, {0}, {1}) / 1000000.0)",
    }

    def __init__(self, start: Column, end: Column) -> None:
        super().__init__(start, end)


MSSQL_DAY = "CAST(SWITCHOFFSET({0}, '+00:00') AS date)"


class utc_day(_Worded):
    """The day of an instant in UTC."""

    type = Date()
    inherit_cache = True
    words: ClassVar = {"postgresql": "CAST({0} AT TIME ZONE 'UTC' AS date)", "mssql": MSSQL_DAY}


class utc_week(_Worded):
    """The Monday of an instant's week in UTC."""

    type = Date()
    inherit_cache = True
    words: ClassVar = {
        "postgresql": "CAST(date_trunc('week', {0} AT TIME ZONE 'UTC') AS date)",
        # The first of January 1900 was a Monday; DATEPART(weekday) depends on the session's language.
        "mssql": f"CAST(DATEADD(day, -(DATEDIFF(day, '19000101', {MSSQL_DAY}) % 7), {MSSQL_DAY}) AS date)",
    }
