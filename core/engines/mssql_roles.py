"""Roles and their privileges: `core/grants.py` carried out on SQL Server.

It has no row-level security here: that a patient sees signed reports alone is up to the portal.
"""

from __future__ import annotations

import secrets

from sqlalchemy import Connection, text

from core.engines.base import Grants

READERS = "strata_readers"


def grant(connection: Connection, grants: Grants) -> None:
    """Make the roles where they are missing, and give each exactly what the map says."""
    for role, tables in grants.tables.items():
        _make_role(connection, role)
        for table, privileges in tables.items():
            connection.exec_driver_sql(f"REVOKE SELECT, INSERT, UPDATE, DELETE ON dbo.{table} FROM {role}")
            for privilege in privileges:
                connection.exec_driver_sql(f"GRANT {_of(privilege, table)} TO {role}")
        connection.exec_driver_sql(f"GRANT SELECT ON dbo.alembic_version TO {role}")
        connection.exec_driver_sql(f"GRANT SELECT, UPDATE ON dbo.replication_position TO {role}")
        for view in _tables(connection, "cold"):
            verb, side = ("REVOKE", "FROM") if view in grants.not_cold.get(role, ()) else ("GRANT", "TO")
            connection.exec_driver_sql(f"{verb} SELECT ON cold.{view} {side} {role}")


def _of(privilege: str, table: str) -> str:
    """`UPDATE (a, b)` names its columns after the table."""
    verb, bracket, columns = privilege.partition("(")
    return f"{verb.strip()} ON dbo.{table} {bracket}{columns}".strip()


def make_login(connection: Connection, name: str, role: str, password: str) -> None:
    """A login, and a user of this database that is a member of one role alone, with this password from now on."""
    _set_login(connection, name, password)
    connection.exec_driver_sql(f"ALTER ROLE {role} ADD MEMBER {name}")


def make_reader(connection: Connection, name: str) -> str:
    """A login that reads this server's tables and nothing else; returns its new password."""
    password = secrets.token_hex(24)
    _set_login(connection, name, password)
    _make_role(connection, READERS)
    connection.exec_driver_sql(f"ALTER ROLE {READERS} ADD MEMBER {name}")
    let_read(connection, name)
    return password


def let_read(connection: Connection, name: str) -> bool:
    """Let a reader read tables that have been added; False if there is no such login."""
    if not _is_user(connection, name):
        return False
    for table in _tables(connection, "dbo"):
        connection.exec_driver_sql(f"GRANT SELECT ON dbo.{table} TO {READERS}")
    return True


def _tables(connection: Connection, schema: str) -> list[str]:
    query = "SELECT TABLE_NAME FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = :schema ORDER BY TABLE_NAME"
    return list(connection.scalars(text(query), {"schema": schema}))


def _make_role(connection: Connection, role: str) -> None:
    if not _is_user(connection, role):
        connection.exec_driver_sql(f"CREATE ROLE {role}")


def _set_login(connection: Connection, name: str, password: str) -> None:
    known = connection.scalar(text("SELECT 1 FROM sys.server_principals WHERE name = :name"), {"name": name})
    # Hexadecimal: nothing in it ends the literal.
    secret = bytes.fromhex(password).hex()
    connection.exec_driver_sql(f"{'ALTER' if known else 'CREATE'} LOGIN {name} WITH PASSWORD = '{secret}'")
    if not _is_user(connection, name):
        connection.exec_driver_sql(f"CREATE USER {name} FOR LOGIN {name}")


def _is_user(connection: Connection, name: str) -> bool:
    query = text("SELECT 1 FROM sys.database_principals WHERE name = :name")
    return connection.scalar(query, {"name": name}) is not None
