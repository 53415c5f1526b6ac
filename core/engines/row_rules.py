"""Which rows of a table a role may see and write, as data, and as SQL that both engines read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

Column = Callable[[str], str]


class Verb(StrEnum):
    """What is done with a row. What is updated must be allowed before and after."""

    SELECT = "SELECT"
    INSERT = "INSERT"
    UPDATE = "UPDATE"
    DELETE = "DELETE"


@dataclass(frozen=True)
class OneOf:
    """The column has one of these values."""

    column: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Begins:
    """The column's text begins so."""

    column: str
    text: str


@dataclass(frozen=True)
class Missing:
    """The column has no value."""

    column: str


@dataclass(frozen=True)
class Parent:
    """Another table has a row whose `key` is this row's `column`, and which meets a condition."""

    table: str
    column: str
    where: Condition
    key: str = "id"


@dataclass(frozen=True)
class Every:
    """All of the conditions; of none, every row."""

    parts: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Either:
    """At least one of the conditions."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Not:
    """The condition is not met."""

    part: Condition


Condition = OneOf | Begins | Missing | Parent | Every | Either | Not
ALL_ROWS = Every()


@dataclass(frozen=True)
class RowRule:
    """A role may do this with these rows. Of a table that has rules, a role has no other rows than they say."""

    table: str
    role: str
    verbs: tuple[Verb, ...]
    rows: Condition = ALL_ROWS


def sql(condition: Condition, column: Column, schema: str, depth: int = 0) -> str:
    """The condition in SQL; `column` says what the row's own columns are called, `schema` where tables are."""
    match condition:
        case OneOf() | Begins() | Missing():
            return _of_column(condition, column(condition.column))
        case Not(part):
            return f"NOT ({sql(part, column, schema, depth)})"
        case Every(()):
            return "1 = 1"
        case Every(parts) | Either(parts):
            word = " AND " if isinstance(condition, Every) else " OR "
            return word.join(f"({sql(part, column, schema, depth)})" for part in parts)
        case Parent():
            return _of_parent(condition, column, schema, depth + 1)


def _of_column(condition: OneOf | Begins | Missing, column: str) -> str:
    match condition:
        case OneOf(_, values):
            return f"{column} IN ({', '.join(map(literal, values))})"
        case Begins(_, text):
            return f"LEFT({column}, {len(text)}) = {literal(text)}"
        case Missing():
            return f"{column} IS NULL"


def _of_parent(condition: Parent, column: Column, schema: str, depth: int) -> str:
    name = f"p{depth}"
    inner = sql(condition.where, lambda its: f"{name}.{its}", schema, depth)
    if isinstance(condition.where, Either):
        inner = f"({inner})"
    mine = column(condition.column)
    return f"EXISTS (SELECT 1 FROM {schema}.{condition.table} {name} WHERE {name}.{condition.key} = {mine} AND {inner})"


def columns(condition: Condition) -> frozenset[str]:
    """The row's own columns that the condition looks at."""
    match condition:
        case OneOf(name, _) | Begins(name, _) | Missing(name):
            return frozenset({name})
        case Parent():
            return frozenset({condition.column})
        case Not(part):
            return columns(part)
        case Every(parts) | Either(parts):
            return frozenset().union(*map(columns, parts))


def literal(text: str) -> str:
    """A text of our own as SQL's literal."""
    return "'" + text.replace("'", "''") + "'"
