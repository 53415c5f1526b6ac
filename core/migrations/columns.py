"""Changes of columns that SQL Server words otherwise than Alembic does, or refuses as Alembic words them."""

from __future__ import annotations

from typing import Any

from alembic import op
from sqlalchemy import bindparam, text
from sqlalchemy.types import TypeEngine

from core.engines.mssql_folded import computed

IS_NULLABLE = text(
    "SELECT COUNT(*) FROM INFORMATION_SCHEMA.COLUMNS"
    " WHERE TABLE_NAME = :table_name AND COLUMN_NAME = :column_name AND IS_NULLABLE = 'YES'"
)
# A default is a constraint there, whose name the server has made.
DEFAULTS = text(
    "SELECT d.name FROM sys.default_constraints d"
    " JOIN sys.columns c ON c.object_id = d.parent_object_id AND c.column_id = d.parent_column_id"
    " WHERE d.parent_object_id = OBJECT_ID(:table_name) AND c.name = :column_name"
).bindparams(bindparam("table_name"), bindparam("column_name"))


def is_sql_server() -> bool:
    """Whether the migrated server speaks T-SQL."""
    return op.get_context().dialect.name == "mssql"


def make_nullable(table: str, column: str, kind: TypeEngine[Any]) -> None:
    """Let a column be NULL. One that may be already is left alone: not every server of the protocol takes the words."""
    named = {"table_name": table, "column_name": column}
    if is_sql_server() and op.get_bind().execute(IS_NULLABLE, named).scalar():
        return
    op.alter_column(table, column, existing_type=kind, nullable=True)


def drop_column(table: str, column: str) -> None:
    """Drop a column and its default."""
    if is_sql_server():
        for name in op.get_bind().execute(DEFAULTS, {"table_name": table, "column_name": column}).scalars().all():
            # Some servers tell of such a constraint and have none: there the default goes with its column.
            op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS [{name}]")
    op.drop_column(table, column)


def add_folded_name(table: str) -> None:
    """Add the column by which names are searched on SQL Server, which has no index on an expression."""
    op.execute(f"ALTER TABLE {table} ADD name_folded AS {computed('name')}")
