"""Procedures by which a process brings archived rows back with their ids.

SET IDENTITY_INSERT needs ALTER on a table, by which its guards could be switched off too. So each table has a procedure
that does nothing else and runs as its owner; a role needs EXECUTE on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import Connection, Table, text

from core.engines.link import literal
from core.engines.loading import copy_name
from core.engines.mssql_names import quoted
from core.engines.mssql_server import is_babelfish

SCHEMA = "restoring"
MADE = f"IF SCHEMA_ID('{SCHEMA}') IS NULL EXEC('CREATE SCHEMA {SCHEMA} AUTHORIZATION dbo')"


def statements(roles: Mapping[str, Sequence[Table]]) -> Iterator[str]:
    """What makes the procedures, and lets each role run those of its tables. Repeatable."""
    yield MADE
    for table in dict.fromkeys(table for tables in roles.values() for table in tables):
        columns = ", ".join(quoted(column.name) for column in table.columns)
        insertion = f"INSERT INTO dbo.{table.name} ({columns}) SELECT {columns} FROM #{copy_name(table)}"
        if has_identity(table):
            setting = f"SET IDENTITY_INSERT dbo.{table.name}"
            insertion = f"{setting} ON; {insertion}; {setting} OFF"
        yield f"CREATE OR ALTER PROCEDURE {SCHEMA}.{table.name} WITH EXECUTE AS OWNER AS BEGIN {insertion}; END"
    for role, tables in roles.items():
        yield from (f"GRANT EXECUTE ON {SCHEMA}.{table.name} TO {role}" for table in tables)


def bring_back(connection: Connection, table: Table) -> None:
    """Insert the rows of this session's copy of a table by its procedure."""
    connection.exec_driver_sql(f"EXEC {SCHEMA}.{table.name}")


def may_alter(connection: Connection, table: Table) -> bool:
    """Whether this login owns the table, as whoever ran `strata init` does. Babelfish has no such procedures."""
    query = f"SELECT HAS_PERMS_BY_NAME({literal(f'dbo.{table.name}')}, 'OBJECT', 'ALTER')"
    return is_babelfish(connection) or connection.scalar(text(query)) == 1


def has_identity(table: Table) -> bool:
    """Whether the server counts the table's ids."""
    return any(column.identity for column in table.columns)
