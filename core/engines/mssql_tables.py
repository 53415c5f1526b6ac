"""Tables in T-SQL: uniqueness as PostgreSQL has it, Unicode text, instants to the microsecond."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Connection, Table, UniqueConstraint, event
from sqlalchemy.dialects.mssql.base import MSDDLCompiler, MSTypeCompiler
from sqlalchemy.schema import AddConstraint, CreateIndex, DropConstraint

from core.engines.mssql_hash import COLLATION

DIALECT = "mssql"
FRACTION_DIGITS = 6


class DDLCompiler(MSDDLCompiler):
    """Makes columns unique as PostgreSQL does, where NULL equals nothing: by an index that leaves NULLs out."""

    def visit_create_index(self, create: CreateIndex, *options: Any, **kw: Any) -> str:
        of = create.element.dialect_options
        if of["mssql"]["where"] is None:
            of["mssql"]["where"] = of["postgresql"]["where"]
        return str(super().visit_create_index(create, *options, **kw))

    def visit_unique_constraint(self, constraint: UniqueConstraint, **kw: Any) -> Any:
        """Leave the constraint out of CREATE TABLE: an index follows the table."""

    def visit_add_constraint(self, create: AddConstraint, **kw: Any) -> str:
        constraint = create.element
        return (
            self._unique(constraint)
            if isinstance(constraint, UniqueConstraint)
            else super().visit_add_constraint(create)
        )

    def visit_drop_constraint(self, drop: DropConstraint, **kw: Any) -> str:
        if isinstance(drop.element, UniqueConstraint):
            name, table = self._names(drop.element)
            return f"DROP INDEX {name} ON {table}"
        return super().visit_drop_constraint(drop)

    def _unique(self, constraint: UniqueConstraint) -> str:
        name, table = self._names(constraint)
        columns = ", ".join(self.preparer.format_column(column) for column in constraint.columns)
        made = f"CREATE UNIQUE INDEX {name} ON {table} ({columns})"
        nullable = [column for column in constraint.columns if column.nullable]
        if not nullable or constraint.dialect_options["postgresql"]["nulls_not_distinct"]:
            return made
        return (
            f"{made} WHERE {' AND '.join(f'{self.preparer.format_column(column)} IS NOT NULL' for column in nullable)}"
        )

    def _names(self, constraint: UniqueConstraint) -> tuple[str, str]:
        return str(self.preparer.format_constraint(constraint)), self.preparer.format_table(constraint.table)


@event.listens_for(Table, "after_create")
def _make_unique(table: Table, connection: Connection, **_: Any) -> None:
    if connection.dialect.name == DIALECT:
        for constraint in unique_constraints(table):
            connection.execute(AddConstraint(constraint))


def unique_constraints(table: Table) -> list[UniqueConstraint]:
    """A table's unique constraints, in the order of their columns' names."""
    found = [constraint for constraint in table.constraints if isinstance(constraint, UniqueConstraint)]
    return sorted(found, key=lambda constraint: constraint.columns.keys())


class TypeCompiler(MSTypeCompiler):
    """Makes all text Unicode, and keeps the microseconds of instants."""

    def visit_string(self, type_: Any, **kw: Any) -> str:
        return f"{self.visit_NVARCHAR(type_, **kw)}{self._compared(kw)}"

    def visit_text(self, type_: Any, **kw: Any) -> str:
        return f"NVARCHAR(max){self._compared(kw)}"

    def visit_JSON(self, type_: Any, **kw: Any) -> str:
        return self.visit_text(type_, **kw)

    @staticmethod
    def _compared(options: dict[str, Any]) -> str:
        """A column's collation: it compares text by code points, whatever the database's own collation does."""
        return f" COLLATE {COLLATION}" if isinstance(options.get("type_expression"), Column) else ""

    def visit_date(self, type_: Any, **kw: Any) -> str:
        return "DATE"

    def visit_DATETIMEOFFSET(self, type_: Any, **kw: Any) -> str:
        return f"DATETIMEOFFSET({FRACTION_DIGITS})"
