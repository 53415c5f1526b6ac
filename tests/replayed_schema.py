"""A schema of SQL Server as statements make it, where no server is at hand: each is parsed, and replayed on names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import sqlglot
from sqlalchemy.engine.mock import MockConnection
from sqlglot import expressions as of

from core.engines.mssql_dialect import Dialect
from core.migrations.columns import DEFAULTS, IS_NULLABLE

Columns = dict[str, frozenset[str]]
ADDED = re.compile(r"ADD CONSTRAINT (\w+)")


class Answer:
    """What a query returns: a value, or names."""

    def __init__(self, value: Any = None, names: Sequence[str] = ()) -> None:
        self.value, self.names = value, names

    def scalar(self) -> Any:
        return self.value

    def scalars(self) -> Answer:
        return self

    def all(self) -> Sequence[str]:
        return self.names


class Replayed(MockConnection):
    """A connection that keeps what it is sent, and what this makes. Raises ParseError for what is no T-SQL."""

    def __init__(self) -> None:
        super().__init__(Dialect(), None)  # type: ignore[arg-type]
        self.sent: list[str] = []
        self.tables: dict[str, Columns] = {}
        self.checks: set[str] = set()
        # Its table, its columns and its whole words.
        self.indexes: dict[str, tuple[str, frozenset[str], str]] = {}

    def execute(self, obj: Any, parameters: Any = None, execution_options: Any = None) -> Any:
        if obj is IS_NULLABLE:
            return Answer(int("null" in self.tables[parameters["table_name"]][parameters["column_name"]]))
        if obj is DEFAULTS:
            return Answer(names=self._defaults(**parameters))
        return self.exec_driver_sql(str(obj.compile(dialect=self.dialect)))

    def exec_driver_sql(self, text: str) -> Answer:
        self.sent.append(text)
        if not text.lstrip().startswith("SELECT"):
            for statement in sqlglot.parse(text, read="tsql", error_level=sqlglot.ErrorLevel.RAISE):
                self._replay(statement)
        return Answer()

    def scalars(self, *_: Any) -> Answer:
        return Answer()

    def in_transaction(self) -> bool:
        return False

    def _defaults(self, table_name: str, column_name: str) -> list[str]:
        found = self.tables[table_name].get(column_name, frozenset())
        return [f"DF__{table_name}__{column_name}"] if "default" in found else []

    def _indexed(self, table: str, column: str) -> bool:
        return any(of_table == table and column in columns for of_table, columns, _ in self.indexes.values())

    def _replay(self, statement: Any) -> None:
        match statement:
            case of.Create(kind="TABLE", this=of.Schema(this=table)):
                self.tables[table.name] = _columns(statement)
            case of.Create(kind="INDEX", this=index):
                assert index.name not in self.indexes, f"{index.name} is there already"
                columns = frozenset(column.name for column in index.find_all(of.Column))
                self.indexes[index.name] = (index.args["table"].name, columns, statement.sql(dialect="tsql"))
            case of.Drop(kind="INDEX"):
                del self.indexes[_dropped(statement)]
            case of.Command(this="ALTER", expression=rest):  # sqlglot keeps "WITH NOCHECK" as text
                self.checks |= set(ADDED.findall(str(rest)))
            case of.Alter(this=table, actions=actions):
                for action in actions:
                    self._alter(self.tables[table.name], table.name, action)

    def _alter(self, columns: Columns, table: str, action: Any) -> None:
        match action:
            case of.ColumnDef():
                columns[action.name] = _facts(action)
            case of.AlterColumn():
                assert not self._indexed(table, action.name), f"{action.name} is indexed, which stops its change"
                columns[action.name] |= {"null"} if action.args.get("allow_null") else set()
            case of.Drop(kind="COLUMN"):
                name = _dropped(action)
                assert not self._indexed(table, name), f"{name} is indexed, which stops its drop"
                assert not self._defaults(table, name), f"{name} has a default, which stops its drop"
                del columns[name]
            case of.Drop(kind="CONSTRAINT") if _dropped(action).startswith("DF__"):
                columns[_dropped(action).removeprefix(f"DF__{table}__")] -= {"default"}
            case of.Drop(kind="CONSTRAINT"):
                assert _dropped(action) in self.checks, f"{table} has no such check"
                self.checks.remove(_dropped(action))


def _columns(table: of.Create) -> Columns:
    """The columns of a table that is made, with its keys among their facts."""
    made = {one.name: _facts(one) for one in table.this.expressions if isinstance(one, of.ColumnDef)}
    for key in table.find_all(of.PrimaryKey, of.ForeignKey):
        for column in key.expressions:
            made[column.name or column.this.name] |= {_key(key)}
    return made


def _dropped(drop: of.Drop) -> str:
    (named,) = drop.args["tables"]
    return str(named.name)


def _key(key: of.PrimaryKey | of.ForeignKey) -> str:
    return f"of {key.args['reference'].sql(dialect='tsql')}" if isinstance(key, of.ForeignKey) else "key"


def _facts(column: of.ColumnDef) -> frozenset[str]:
    """A column's type and collation, and whether it may be NULL, counts by itself, is computed or has a default."""
    facts = {column.kind.sql(dialect="tsql")} if column.kind else set()
    kinds = {type(one.kind) for one in column.constraints}
    if of.NotNullColumnConstraint not in kinds or any(one.kind.args.get("allow_null") for one in column.constraints):
        facts.add("null")
    words = {
        of.DefaultColumnConstraint: "default",
        of.GeneratedAsIdentityColumnConstraint: "identity",
        of.ComputedColumnConstraint: "computed",
    }
    collations = {
        one.kind.sql(dialect="tsql") for one in column.constraints if isinstance(one.kind, of.CollateColumnConstraint)
    }
    return frozenset(facts | collations | {word for kind, word in words.items() if kind in kinds})
