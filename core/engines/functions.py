"""SQL that each engine words differently: many ids, spans and days of instants, percentiles, hashes of rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    Boolean,
    ColumnElement,
    Date,
    Dialect,
    Float,
    LargeBinary,
    Select,
    SQLColumnExpression,
    Subquery,
    Text,
    TypeDecorator,
    bindparam,
    case,
    func,
    literal_column,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from core.engines import mssql_hash

Column = SQLColumnExpression[Any]


class Ids(TypeDecorator[Sequence[int]]):
    """Any number of row ids as one parameter: an array, or JSON on SQL Server, which has no arrays."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(ARRAY(BigInteger()) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Sequence[int] | None, dialect: Dialect) -> Any:
        return value if value is None or dialect.name == "postgresql" else json.dumps(value)


class Worded(FunctionElement[Any]):
    """A function with other SQL on each engine: `words` has the text by dialect, with {0} for the first argument."""

    inherit_cache = True
    words: ClassVar[Mapping[str, str]]


@compiles(Worded)
def _worded(element: Worded, compiler: SQLCompiler, **options: Any) -> str:
    return element.words[compiler.dialect.name].format(*_arguments(element, compiler, options))


class any_of(Worded):
    """Whether a column is one of these ids. The ids are one parameter: SQL Server takes at most 2,100 parameters."""

    type = Boolean()
    inherit_cache = True
    words: ClassVar = {
        "postgresql": "{0} = ANY({1})",
        "mssql": "{0} IN (SELECT id FROM OPENJSON({1}) WITH (id bigint '$'))",
    }
    # It is a condition: without this, SQLAlchemy would compare it to 1 on SQL Server.
    _is_implicitly_boolean = True

    def __init__(self, column: Column, ids: Iterable[int] | BindParameter[Any]) -> None:
        of_ids = ids if isinstance(ids, BindParameter) else bindparam(None, list(ids), type_=Ids())
        super().__init__(column, of_ids)


def written_out(ids: Iterable[int]) -> BindParameter[Any]:
    """The ids as text in the statement, for IN on tables that may be linked: as parameters there may be too many."""
    return bindparam("ids", list(ids), expanding=True, literal_execute=True, unique=True)


class any_word_of(Worded):
    """Whether a column is one of these short texts. They are one parameter: JSON, which Python writes quickest."""

    type = Boolean()
    inherit_cache = True
    words: ClassVar = {
        "postgresql": "{0} = ANY(ARRAY(SELECT json_array_elements_text(CAST({1} AS json))))",
        "mssql": (
            f"{{0}} IN (SELECT word COLLATE {mssql_hash.COLLATION} FROM OPENJSON({{1}}) WITH (word nvarchar(400) '$'))"
        ),
    }
    _is_implicitly_boolean = True

    def __init__(self, column: Column, words: Iterable[str]) -> None:
        super().__init__(column, bindparam(None, json.dumps(list(words), ensure_ascii=False), type_=Text()))


class seconds_between(Worded):
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


class utc_day(Worded):
    """The day of an instant in UTC."""

    type = Date()
    inherit_cache = True
    words: ClassVar = {"postgresql": "CAST({0} AT TIME ZONE 'UTC' AS date)", "mssql": MSSQL_DAY}


class utc_week(Worded):
    """The Monday of an instant's week in UTC."""

    type = Date()
    inherit_cache = True
    words: ClassVar = {
        "postgresql": "CAST(date_trunc('week', {0} AT TIME ZONE 'UTC') AS date)",
        # The first of January 1900 was a Monday; DATEPART(weekday) depends on the session's language.
        "mssql": f"CAST(DATEADD(day, -(DATEDIFF(day, '19000101', {MSSQL_DAY}) % 7), {MSSQL_DAY}) AS date)",
    }


def ranked(rows: Select[Any], value: Column, within: Column | None = None) -> Subquery:
    """The rows of a query that have a value, with that `value`, its `place` from 0, and how `many` values there are.

    With `within`, each group of rows is ranked by itself.
    """
    place = func.row_number().over(partition_by=within, order_by=value) - 1
    many = func.count().over(partition_by=within)
    with_value = rows.where(value.is_not(None))
    return with_value.add_columns(value.label("value"), place.label("place"), many.label("many")).subquery()


def percentile(share: float, of: Subquery) -> ColumnElement[Any]:
    """An aggregate over ranked rows, equal to PERCENTILE_CONT: the value below which this share of the rows lies."""
    # Between two rows, the nearer one counts more; exactly at a row, only that row counts.
    distance = func.abs(of.c.place - literal_column(str(share)) * (of.c.many - 1))
    return func.sum(of.c.value * case((distance < 1, 1 - distance), else_=0))


class row_hash(FunctionElement[bytes]):
    """SHA-256, as bytes, of the canonical text of columns; the same on every server of either engine."""

    type = LargeBinary()
    inherit_cache = True


@compiles(row_hash, "postgresql")
def _row_hash_postgresql(element: row_hash, compiler: SQLCompiler, **options: Any) -> str:
    # The text of a row is unambiguous: it quotes fields, and NULL is different from the empty text.
    return f"sha256(convert_to(ROW({', '.join(_arguments(element, compiler, options))})::text, 'UTF8'))"


@compiles(row_hash, "mssql")
def _row_hash_mssql(element: row_hash, compiler: SQLCompiler, **options: Any) -> str:
    types = [clause.type for clause in element.clauses]
    fields = list(zip(types, _arguments(element, compiler, options), strict=True))
    return mssql_hash.row_hash(fields, utf8=compiler.dialect.utf8_collations)  # type: ignore[attr-defined]


class row_version(FunctionElement[bytes]):
    """Bytes that change when this server writes to a row; made from the row's columns, the first of which is its id."""

    type = LargeBinary()
    inherit_cache = True


@compiles(row_version, "postgresql")
def _row_version_postgresql(element: row_version, compiler: SQLCompiler, **options: Any) -> str:
    # The transaction that wrote this version of the row. Freezing a row keeps it.
    row_id = _arguments(element, compiler, options)[0]
    return f"int8send({row_id}) || xidsend({row_id.rpartition('.')[0]}.xmin)"


# A row that is written without a change keeps its version here. That is safe: its content is the same.
compiles(row_version, "mssql")(_row_hash_mssql)


def _arguments(element: FunctionElement[Any], compiler: SQLCompiler, options: dict[str, Any]) -> list[str]:
    return [compiler.process(clause, **options) for clause in element.clauses]
