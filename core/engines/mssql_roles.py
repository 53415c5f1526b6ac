"""Roles and their privileges: `core/install/grants.py` carried out on SQL Server.

Babelfish has no security policies: there a role reaches every row of a table that it has a right to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from core.engines import mssql_restoring, mssql_rights, mssql_row_rules
from core.engines.link import literal
from core.engines.mssql_names import quoted
from core.engines.mssql_server import is_babelfish
from core.engines.mssql_sessions import MAJOR_VERSION, NARROWER_SINCE, SEE_SESSIONS, see_sessions
from core.engines.roles import Grants, Rights

READERS = "strata_readers"
VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE")
RUNS_AS_ANOTHER = (
    "SELECT CONCAT(OBJECT_SCHEMA_NAME(m.object_id), '.', OBJECT_NAME(m.object_id)) FROM sys.sql_modules m"
    " WHERE m.execute_as_principal_id IS NOT NULL ORDER BY 1"
)


def grant(connection: Connection, grants: Grants) -> None:
    """Make the roles where they are missing, and give each exactly what the map says."""
    views, known = _tables(connection, "cold"), sorted(grants.schema.tables)
    for role, tables in grants.tables.items():
        _make_role(connection, role)
        statements = [f"GRANT SELECT ON dbo.alembic_version TO {role}"]
        statements.append(f"GRANT SELECT, UPDATE ON dbo.replication_position TO {role}")
        for table in known:
            statements += _on_table(role, table, tables.get(table, ()))
        for view in views:
            verb, side = ("REVOKE", "FROM") if view in grants.not_cold.get(role, ()) else ("GRANT", "TO")
            statements.append(f"{verb} SELECT ON cold.{view} {side} {role}")
        statements += [f"GRANT SELECT ON {view.fullname} TO {role}" for view, _ in grants.views.get(role, ())]
        connection.exec_driver_sql(";\n".join(statements))
    if not is_babelfish(connection):
        mssql_row_rules.apply(connection, grants.row_rules, grants.schema)
        for statement in mssql_restoring.statements(grants.brings_back):
            connection.exec_driver_sql(statement)


def grant_archived(connection: Connection, grants: Grants) -> None:
    """Nothing to do: on archives logins are members of db_datareader and db_datawriter, which know every table."""


def _on_table(role: str, table: str, privileges: Sequence[str]) -> Iterator[str]:
    """The statements for one table; the privilege `UPDATE (a, b)` is for these columns alone.

    Ids need no narrower right: here an owner's row alone brings its own, and none is changed.
    """
    whole = [privilege for privilege in privileges if privilege in VERBS]
    others = [verb for verb in VERBS if verb not in whole]
    if others:
        yield f"REVOKE {', '.join(others)} ON dbo.{table} FROM {role}"
    if whole:
        yield f"GRANT {', '.join(whole)} ON dbo.{table} TO {role}"
    for verb, _, columns in (privilege.partition(" ") for privilege in privileges if privilege not in VERBS):
        yield f"GRANT {verb} ON dbo.{table} {columns} TO {role}"


def make_login(connection: Connection, name: str, role: str, password: str) -> None:
    """A login, and a user of this database that is a member of one role alone, with this password from now on."""
    _set_login(connection, name, password)
    connection.exec_driver_sql(f"ALTER ROLE {role} ADD MEMBER {quoted(name)}")


def let_see_sessions(connection: Connection, name: str) -> None:
    """A right of the server, which a database's role can't have. The owner can give it if it may pass it on."""
    if not is_babelfish(connection):
        connection.exec_driver_sql(see_sessions(name))


def sees_sessions(connection: Connection) -> bool:
    """Whether this login sees the sessions of others; Babelfish does not tell them to anybody."""
    asked = " OR ".join(f"HAS_PERMS_BY_NAME(NULL, NULL, '{right}') = 1" for right in SEE_SESSIONS)
    return is_babelfish(connection) or connection.scalar(text(f"SELECT CASE WHEN {asked} THEN 1 ELSE 0 END")) == 1


def showing_sessions(connection: Connection) -> str:
    """What an administrator of the server says, in the words of the server's version."""
    login, major = connection.execute(text(f"SELECT ORIGINAL_LOGIN(), {MAJOR_VERSION}")).one()
    newer, older = SEE_SESSIONS
    return f"USE master; GRANT {newer if int(major) >= NARROWER_SINCE else older} TO {quoted(str(login))}"


@contextmanager
def acting(connection: Connection, role: str) -> Iterator[None]:
    """As a user without a login, who is there for this transaction alone: a role can't be impersonated."""
    name = quoted(f"strata_acting_{role}")
    for statement in (
        f"CREATE USER {name} WITHOUT LOGIN",
        f"ALTER ROLE {role} ADD MEMBER {name}",
        f"EXECUTE AS USER = {literal(f'strata_acting_{role}')}",
    ):
        connection.exec_driver_sql(statement)
    try:
        yield
    finally:
        with suppress(DBAPIError):
            connection.exec_driver_sql("REVERT")
        connection.rollback()


def script(rights: Rights) -> Iterator[str]:
    """The statements for an administrator."""
    return mssql_rights.script(rights)


def make_reader(connection: Connection, name: str, password: str) -> None:
    """A login that reads this server's tables and nothing else, with this password from now on."""
    if is_babelfish(connection):
        # Babelfish lets only a login that may do everything read through a link.
        _set_password(connection, name, password)
        connection.exec_driver_sql(f"ALTER SERVER ROLE sysadmin ADD MEMBER {quoted(name)}")
        return
    _set_login(connection, name, password)
    _make_role(connection, READERS)
    connection.exec_driver_sql(f"ALTER ROLE {READERS} ADD MEMBER {quoted(name)}")
    let_read(connection, name)


def let_read(connection: Connection, name: str) -> bool:
    """Let a reader read tables that have been added; False if there is no such login."""
    if is_babelfish(connection):
        return _is_login(connection, name)
    if not _is_user(connection, name):
        return False
    for table in _tables(connection, "dbo"):
        connection.exec_driver_sql(f"GRANT SELECT ON dbo.{table} TO {READERS}")
    return True


def retire_reader(connection: Connection, name: str) -> bool:
    """End a login that reads: its user of this database goes, and it is disabled."""
    query = text("SELECT 1 FROM sys.server_principals WHERE name = :name AND is_disabled = 0")
    if connection.scalar(query, {"name": name}) is None:
        return False
    if _is_user(connection, name):
        connection.exec_driver_sql(f"DROP USER {quoted(name)}")
    connection.exec_driver_sql(f"ALTER LOGIN {quoted(name)} DISABLE")
    return True


def _tables(connection: Connection, schema: str) -> list[str]:
    query = "SELECT TABLE_NAME FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = :schema ORDER BY TABLE_NAME"
    return list(connection.scalars(text(query), {"schema": schema}))


def _make_role(connection: Connection, role: str) -> None:
    if not _is_user(connection, role):
        connection.exec_driver_sql(f"CREATE ROLE {role}")


def _set_login(connection: Connection, name: str, password: str) -> None:
    _set_password(connection, name, password)
    if not _is_user(connection, name):
        connection.exec_driver_sql(f"CREATE USER {quoted(name)} FOR LOGIN {quoted(name)}")


def _set_password(connection: Connection, name: str, password: str) -> None:
    verb = "ALTER" if _is_login(connection, name) else "CREATE"
    connection.exec_driver_sql(f"{verb} LOGIN {quoted(name)} WITH PASSWORD = N{literal(password)}")


def _is_login(connection: Connection, name: str) -> bool:
    query = text("SELECT 1 FROM sys.server_principals WHERE name = :name")
    return connection.scalar(query, {"name": name}) is not None


def _is_user(connection: Connection, name: str) -> bool:
    query = text("SELECT 1 FROM sys.database_principals WHERE name = :name")
    return connection.scalar(query, {"name": name}) is not None


def may_create(connection: Connection) -> bool:
    """Whether this login may create tables."""
    may = connection.exec_driver_sql("SELECT HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'CREATE TABLE')").scalar()
    return may == 1


def own(connection: Connection, roles: Sequence[str]) -> list[str]:
    """Which of these roles this login has; none for an owner."""
    owner = "SELECT IS_SRVROLEMEMBER('sysadmin'), IS_ROLEMEMBER('db_owner')"
    if 1 in connection.exec_driver_sql(owner).one():
        return []
    return [role for role in roles if connection.scalar(text("SELECT IS_ROLEMEMBER(:role)"), {"role": role}) == 1]


def differences(connection: Connection, grants: Grants) -> list[str]:
    """Which tables' rules of rows are not in force; a line each. Rights by table are not compared."""
    if is_babelfish(connection):
        return ["Babelfish has no security policies: a role reaches every row of a table that it has a right to"]
    return [*mssql_row_rules.differences(connection, grants.row_rules), *left_behind(connection, grants)]


def left_behind(connection: Connection, grants: Grants) -> list[str]:
    """Modules that run with another's rights, but for those that bring rows back. Logins keep no settings here."""
    ours = {f"{mssql_restoring.SCHEMA}.{table.name}" for tables in grants.brings_back.values() for table in tables}
    found = connection.exec_driver_sql(RUNS_AS_ANOTHER).scalars()
    return [f"{name}: runs with another's rights, and is none of ours" for name in found if name not in ours]
