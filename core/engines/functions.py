"""SQL that each engine words otherwise: a condition on many ids, seconds between instants, the day of an instant."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

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


class any_of(FunctionElement[bool]):
    """Whether a column is one of these ids; one parameter, for SQL Server takes no more than 2,100."""

    type = Boolean()
    inherit_cache = True
    # A condition, not a value of type BIT that would have to equal 1.
    _is_implicitly_boolean = True

    def __init__(self, column: Column, ids: Iterable[int]) -> None:
        super().__init__(column, bindparam(None, list(ids), type_=_Ids()))


class seconds_between(FunctionElement[float]):
    """Seconds from one instant to another, with their fraction."""

    type = Float()
    inherit_cache = True

    def __init__(self, start: Column, end: Column) -> None:
        super().__init__(start, end)


class utc_day(FunctionElement[Any]):
    """The day of an instant in UTC."""

    type = Date()
    inherit_cache = True


class utc_week(FunctionElement[Any]):
    """The Monday of an instant's week in UTC."""

    type = Date()
    inherit_cache = True


def _parts(element: FunctionElement[Any], compiler: SQLCompiler, options: dict[str, Any]) -> list[str]:
    return [compiler.process(clause, **options) for clause in element.clauses]


@compiles(any_of)
def _any_of(element: any_of, compiler: SQLCompiler, **options: Any) -> str:
    column, ids = _parts(element, compiler, options)
    return f"{column} = ANY({ids})"


@compiles(any_of, "mssql")
def _any_of_mssql(element: any_of, compiler: SQLCompiler, **options: Any) -> str:
    column, ids = _parts(element, compiler, options)
    return f"{column} IN (SELECT id FROM OPENJSON({ids}) WITH (id bigint '$'))"


@compiles(seconds_between)
def _seconds_between(element: seconds_between, compiler: SQLCompiler, **options: Any) -> str:
    start, end = _parts(element, compiler, options)
    return f"EXTRACT(epoch FROM {end} - {start})"


@compiles(seconds_between, "mssql")
def _seconds_between_mssql(element: seconds_between, compiler: SQLCompiler, **options: Any) -> str:
    start, end = _parts(element, compiler, options)
    return f"(DATEDIFF_BIG(microsecond, {start}, {end}) / 1000000.0)"


@compiles(utc_day)
def _utc_day(element: utc_day, compiler: SQLCompiler, **options: Any) -> str:
    (at,) = _parts(element, compiler, options)
    return f"CAST({at} AT TIME ZONE 'UTC' AS date)"


@compiles(utc_day, "mssql")
def _utc_day_mssql(element: utc_day, compiler: SQLCompiler, **options: Any) -> str:
    (at,) = _parts(element, compiler, options)
    return f"CAST(SWITCHOFFSET({at}, '+00:00') AS date)"


@compiles(utc_week)
def _utc_week(element: utc_week, compiler: SQLCompiler, **options: Any) -> str:
    (at,) = _parts(element, compiler, options)
    return f"CAST(date_trunc('week', {at} AT TIME ZONE 'UTC') AS date)"


@compiles(utc_week, "mssql")
def _utc_week_mssql(element: utc_week, compiler: SQLCompiler, **options: Any) -> str:
    (at,) = _parts(element, compiler, options)
    day = f"CAST(SWITCHOFFSET({at}, '+00:00') AS date)"
    # The first of January 1900 was a Monday; DATEPART(weekday) depends on the session's language.
    return f"CAST(DATEADD(day, -(DATEDIFF(day, '19000101', {day}) % 7), {day}) AS date)"
