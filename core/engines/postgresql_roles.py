"""Roles and their privileges: `core/install/grants.py` carried out on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

import psycopg
from psycopg.pq.abc import PGconn
from sqlalchemy import Connection, text

from core.engines import (
    postgresql_definers,
    postgresql_own_settings,
    postgresql_public_rights,
    postgresql_rights,
    postgresql_row_rules,
    postgresql_wider_rights,
)
from core.engines.fault_kinds import EngineError
from core.engines.link import literal
from core.engines.roles import Grants, Rights


def grant(connection: Connection, grants: Grants) -> None:
    """Make the roles where they are missing, and give each exactly what the map says. Raises EngineError."""
    for role, tables in grants.tables.items():
        _make(connection, role)
        connection.exec_driver_sql(f"REVOKE ALL ON ALL TABLES IN SCHEMA public, cold FROM {role}")
        connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA public, cold TO {role}")
        # `strata doctor` compares the schema's version with the one that the process expects.
        connection.exec_driver_sql(f"GRANT SELECT ON alembic_version TO {role}")
        for table in tables:
            privileges = _without_ids(grants, role, table)
            connection.exec_driver_sql(f"GRANT {', '.join(privileges)} ON {table} TO {role}")
        connection.exec_driver_sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA cold TO {role}")
        for table in sorted(grants.not_cold.get(role, ())):
            connection.exec_driver_sql(f"REVOKE ALL ON cold.{table} FROM {role}")
        for view, _ in grants.views.get(role, ()):
            connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA {view.schema} TO {role}")
            connection.exec_driver_sql(f"GRANT SELECT ON {view.fullname} TO {role}")
    for role in grants.sees_sessions:
        connection.exec_driver_sql(f"GRANT pg_read_all_stats TO {role}")
    postgresql_row_rules.apply(connection, grants.row_rules)
    postgresql_public_rights.close(connection, grants)


def _without_ids(grants: Grants, role: str, table: str) -> list[str]:
    """What a role may do with a table, by columns where the server gives ids.

    Whoever gives ids uses up those of others' next rows; one that brings rows back must. And a right to a whole table
    is one to lock it against everybody.
    """
    columns = grants.schema.tables[table].columns
    given = ", ".join(column.name for column in columns if column.identity is None)
    narrowed = {"UPDATE"} if _brings_back(grants, role, table) else {"INSERT", "UPDATE"}
    if all(column.identity is None for column in columns):
        narrowed = set()
    return [f"{verb} ({given})" if verb in narrowed else verb for verb in grants.tables[role][table]]


def _brings_back(grants: Grants, role: str, table: str) -> bool:
    return any(one.name == table for one in grants.brings_back.get(role, ()))


def grant_archived(connection: Connection, grants: Grants) -> None:
    """On an archive server: the same rights to each table, and to read the schema's version."""
    for role, privileges in grants.archived.items():
        _make(connection, role)
        connection.exec_driver_sql(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}")
        connection.exec_driver_sql(f"GRANT {', '.join(privileges)} ON ALL TABLES IN SCHEMA public TO {role}")
        connection.exec_driver_sql(f"REVOKE ALL ON alembic_version FROM {role}")
        connection.exec_driver_sql(f"GRANT SELECT ON alembic_version TO {role}")
    writers = [role for role, privileges in grants.archived.items() if "INSERT" in privileges]
    postgresql_public_rights.close(connection, replace(grants, makes_temporary=writers, takes_locks=writers))


def _make(connection: Connection, role: str) -> None:
    if _exists(connection, role):
        return
    if not connection.scalar(text("SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user")):
        raise EngineError(f"role {role} is missing and can't be made: give the owner CREATEROLE, or make it by hand")
    connection.exec_driver_sql(f"CREATE ROLE {role} NOLOGIN")


def make_login(connection: Connection, name: str, role: str, password: str) -> None:
    """A login that is a member of one role alone, with this password from now on."""
    _set_login(connection, name, password)
    login = _quoted(connection, name)
    connection.exec_driver_sql(f"GRANT {role} TO {login}")
    connection.exec_driver_sql(f"ALTER ROLE {login} CONNECTION LIMIT {postgresql_own_settings.CONNECTIONS}")


def let_see_sessions(connection: Connection, name: str) -> None:
    """Nothing to do: the roles of such processes have pg_read_all_stats."""


def sees_sessions(connection: Connection) -> bool:
    """Whether this login may see what other sessions do."""
    return bool(connection.scalar(text("SELECT pg_has_role('pg_read_all_stats', 'USAGE')")))


def showing_sessions(connection: Connection) -> str:
    """What a superuser, or an owner who may pass it on, says to this login."""
    return f"GRANT pg_read_all_stats TO {_quoted(connection, str(connection.scalar(text('SELECT session_user'))))}"


@contextmanager
def acting(connection: Connection, role: str) -> Iterator[None]:
    """In a transaction that is rolled back: the role was set for it alone."""
    connection.exec_driver_sql(f"SET LOCAL ROLE {role}")
    try:
        yield
    finally:
        connection.rollback()


def script(rights: Rights) -> Iterator[str]:
    """The statements for an administrator."""
    return postgresql_rights.script(rights)


def make_reader(connection: Connection, name: str, password: str) -> None:
    """A login that reads this server's tables and nothing else, with this password from now on."""
    _set_login(connection, name, password)
    connection.exec_driver_sql(f"ALTER ROLE {_quoted(connection, name)} SET default_transaction_read_only = on")
    let_read(connection, name)


def let_read(connection: Connection, name: str) -> bool:
    """Let a reader read tables that have been added; False if there is no such login."""
    if not _exists(connection, name):
        return False
    connection.exec_driver_sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {_quoted(connection, name)}")
    return True


def retire_reader(connection: Connection, name: str) -> bool:
    """End a login that reads. It stays, without rights here: another database of this server may know it."""
    if not connection.scalar(text("SELECT rolcanlogin FROM pg_roles WHERE rolname = :name"), {"name": name}):
        return False
    login = _quoted(connection, name)
    connection.exec_driver_sql(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {login}")
    connection.exec_driver_sql(f"ALTER ROLE {login} NOLOGIN")
    return True


def _set_login(connection: Connection, name: str, password: str) -> None:
    verb = "ALTER" if _exists(connection, name) else "CREATE"
    # What the server keeps of it, made here: statements are shown to others, and kept in their statistics.
    kept = _driver(connection).encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
    connection.exec_driver_sql(
        f"{verb} ROLE {_quoted(connection, name)} LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB PASSWORD {literal(kept)}"
    )


def _driver(connection: Connection) -> PGconn:
    return cast(psycopg.Connection[Any], connection.connection.dbapi_connection).pgconn


def _quoted(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote_identifier(name)


def _exists(connection: Connection, name: str) -> bool:
    return connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": name}) is not None


def may_create(connection: Connection) -> bool:
    """Whether this login may create tables."""
    return bool(connection.scalar(text("SELECT has_database_privilege(current_database(), 'CREATE')")))


def own(connection: Connection, roles: Sequence[str]) -> list[str]:
    """Which of these roles this login has; none for the owner, who has every one of them."""
    query = text(
        "SELECT r.rolname FROM pg_roles r JOIN pg_roles me ON me.rolname = current_user"
        " WHERE r.rolname = ANY(:roles) AND NOT me.rolsuper AND pg_has_role(me.oid, r.oid, 'MEMBER')"
    )
    return list(connection.scalars(query, {"roles": list(roles)}))


# A role, a table, a verb, and the column if it is for one alone.
Right = tuple[str, str, str, str | None]
HELD = """
SELECT r.rolname, c.relname, a.privilege_type, NULL AS col
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a
JOIN pg_roles r ON r.oid = a.grantee WHERE n.nspname = 'public' AND r.rolname = ANY(:roles)
UNION ALL
SELECT r.rolname, c.relname, a.privilege_type, t.attname
FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace,
  aclexplode(t.attacl) a JOIN pg_roles r ON r.oid = a.grantee WHERE n.nspname = 'public' AND r.rolname = ANY(:roles)
"""


def differences(connection: Connection, grants: Grants) -> list[str]:
    """What a role may do more or less than the map says, or with other rows; a line each."""
    said: set[Right] = {
        right
        for role, tables in grants.tables.items()
        for table in tables
        for right in _rights(role, table, _without_ids(grants, role, table))
    } | {(role, "alembic_version", "SELECT", None) for role in grants.tables}
    rows = connection.execute(text(HELD), {"roles": list(grants.tables)})
    held = {(role, table, verb, column) for role, table, verb, column in rows}
    lines = [f"{_told(right)} too much" for right in held - said] + [
        f"{_told(right)} is missing" for right in said - held
    ]
    return [
        *sorted(lines),
        *postgresql_row_rules.differences(connection, grants.row_rules),
        *postgresql_public_rights.differences(connection, grants),
        *postgresql_wider_rights.differences(connection, grants),
        *left_behind(connection, grants),
    ]


def left_behind(connection: Connection, grants: Grants) -> list[str]:
    """What outlasts a process on any server: settings and connections of logins, functions with an owner's rights."""
    return [
        *postgresql_own_settings.differences(connection, grants),
        *postgresql_definers.differences(connection),
    ]


def _rights(role: str, table: str, privileges: Sequence[str]) -> Iterator[Right]:
    for verb, _, columns in (privilege.partition(" ") for privilege in privileges):
        names: list[str | None] = [*columns.strip("()").split(", ")] if columns else [None]
        for name in names:
            yield role, table, verb, name


def _told(right: Right) -> str:
    role, table, verb, column = right
    return f"{role}: {verb} {table}{f'.{column}' if column else ''}"
