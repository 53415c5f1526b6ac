"""The columns of tables on SQL Server, and the row versions that its databases need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Row, text

from core.engines import mssql_limits
from core.engines.mssql_names import quoted
from core.engines.schema import ColumnFacts, LaxCheck

DEFAULT_SCHEMA = "dbo"
COLUMNS = """
SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE,
    DATETIME_PRECISION, IS_NULLABLE, COLLATION_NAME
FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = :schema
"""
LAX_CHECKS = """
SELECT OBJECT_NAME(parent_object_id), name, definition FROM sys.check_constraints
WHERE is_not_trusted = 1 AND is_disabled = 0 AND SCHEMA_NAME(schema_id) = 'dbo' ORDER BY 1, 2
"""
VIEWS = "SELECT TABLE_NAME FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = :schema AND TABLE_TYPE = 'VIEW'"
VERSIONED = "SELECT is_read_committed_snapshot_on, snapshot_isolation_state FROM sys.databases WHERE name = DB_NAME()"
# While another connection to the database is open, the server waits; it ends such connections after 30 seconds.
SET_VERSIONED = (
    "ALTER DATABASE CURRENT SET READ_COMMITTED_SNAPSHOT ON WITH ROLLBACK AFTER 30",
    "ALTER DATABASE CURRENT SET ALLOW_SNAPSHOT_ISOLATION ON",
)


def prepare(engine: Engine) -> None:
    """Let readers read row versions instead of taking locks. Repeatable."""
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        mssql_limits.make_room(connection)
        found = connection.exec_driver_sql(VERSIONED).one_or_none()
        if found is None or None in found:
            return
        for is_on, statement in zip(found, SET_VERSIONED, strict=True):
            if not is_on:
                connection.exec_driver_sql(statement)


def columns(connection: Connection, schema: str | None, tables: Sequence[str]) -> dict[str, dict[str, ColumnFacts]]:
    """The columns of tables in a schema, which is `dbo` for None."""
    found: dict[str, dict[str, ColumnFacts]] = {}
    where = {"schema": schema or DEFAULT_SCHEMA}
    # Two queries: as one with a join, they have taken a minute.
    views = set(connection.scalars(text(VIEWS), where))
    for row in connection.execute(text(COLUMNS), where):
        if row.TABLE_NAME in tables:
            found.setdefault(row.TABLE_NAME, {})[row.COLUMN_NAME] = _facts(row, row.TABLE_NAME in views)
    return found


def lax_checks(connection: Connection) -> list[LaxCheck]:
    """The checks that were added WITH NOCHECK."""
    return [LaxCheck(*row) for row in connection.execute(text(LAX_CHECKS))]


def look_at_all(connection: Connection, check: LaxCheck) -> None:
    """Nobody reads or writes the table meanwhile."""
    table, name = quoted(check.table), quoted(check.name)
    connection.exec_driver_sql(f"ALTER TABLE {table} WITH CHECK CHECK CONSTRAINT {name}")


def _facts(row: Row[Any], of_view: bool) -> ColumnFacts:
    kind, width = row.DATA_TYPE.strip('"'), ""
    if kind in ("decimal", "numeric"):
        width = f"({row.NUMERIC_PRECISION}, {row.NUMERIC_SCALE})"
    elif row.CHARACTER_MAXIMUM_LENGTH is not None:
        width = "(max)" if row.CHARACTER_MAXIMUM_LENGTH < 0 else f"({row.CHARACTER_MAXIMUM_LENGTH})"
    elif kind == "datetimeoffset":
        width = f"({row.DATETIME_PRECISION})"
    # The server guesses what a view says of a linked table's columns.
    if of_view:
        return ColumnFacts(f"{kind}{width}", None, None)
    return ColumnFacts(f"{kind}{width}", row.IS_NULLABLE == "YES", row.COLLATION_NAME)
