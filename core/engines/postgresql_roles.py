"""Roles and their privileges: `core/install/grants.py` carried out on PostgreSQL."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from sqlalchemy import Connection, text

from core.engines.fault_kinds import EngineError
from core.engines.roles import Grants

POLICY = "signed_only"


def grant(connection: Connection, grants: Grants) -> None:
    """Make the roles where they are missing, and give each exactly what the map says. Raises EngineError."""
    for role, tables in grants.tables.items():
        _make(connection, role)
        connection.exec_driver_sql(f"REVOKE ALL ON ALL TABLES IN SCHEMA public, cold FROM {role}")
        connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA public, cold TO {role}")
        # `strata doctor` compares the schema's version with the one that the process expects.
        connection.exec_driver_sql(f"GRANT SELECT ON alembic_version TO {role}")
        for table, privileges in tables.items():
            connection.exec_driver_sql(f"GRANT {', '.join(privileges)} ON {table} TO {role}")
        connection.exec_driver_sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA cold TO {role}")
        for table in sorted(grants.not_cold.get(role, ())):
            connection.exec_driver_sql(f"REVOKE ALL ON cold.{table} FROM {role}")
    for role in grants.sees_sessions:
        connection.exec_driver_sql(f"GRANT pg_read_all_stats TO {role}")
    others = ", ".join(role for role in grants.tables if role != grants.restricted)
    for table in grants.signed_only:
        _show_signed_only(connection, table, grants.restricted, others)


def _make(connection: Connection, role: str) -> None:
    if _exists(connection, role):
        return
    if not connection.scalar(text("SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user")):
        raise EngineError(f"role {role} is missing and can't be made: give the owner CREATEROLE, or make it by hand")
    connection.exec_driver_sql(f"CREATE ROLE {role} NOLOGIN")


def _show_signed_only(connection: Connection, table: str, restricted: str, others: str) -> None:
    """Let the restricted role see signed rows alone; the owner and all other roles see every row."""
    is_signed = "state = 'signed'" if table == "report" else "EXISTS (SELECT FROM report r WHERE r.id = report_id)"
    connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    for name in (POLICY, f"{POLICY}_others"):
        connection.exec_driver_sql(f"DROP POLICY IF EXISTS {name} ON {table}")
    connection.exec_driver_sql(f"CREATE POLICY {POLICY} ON {table} FOR SELECT TO {restricted} USING ({is_signed})")
    connection.exec_driver_sql(f"CREATE POLICY {POLICY}_others ON {table} TO {others} USING (true) WITH CHECK (true)")


def make_login(connection: Connection, name: str, role: str, password: str) -> None:
    """A login that is a member of one role alone, with this password from now on."""
    _set_login(connection, name, password)
    connection.exec_driver_sql(f"GRANT {role} TO {name}")


def make_reader(connection: Connection, name: str) -> str:
    """A login that reads this server's tables and nothing else; returns its new password."""
    password = secrets.token_hex(24)
    _set_login(connection, name, password)
    connection.exec_driver_sql(f"ALTER ROLE {name} SET default_transaction_read_only = on")
    let_read(connection, name)
    return password


def let_read(connection: Connection, name: str) -> bool:
    """Let a reader read tables that have been added; False if there is no such login."""
    if not _exists(connection, name):
        return False
    connection.exec_driver_sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}")
    return True


def _set_login(connection: Connection, name: str, password: str) -> None:
    verb = "ALTER" if _exists(connection, name) else "CREATE"
    # Hexadecimal, so that nothing in it can end the literal.
    connection.exec_driver_sql(
        f"{verb} ROLE {name} LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB PASSWORD '{bytes.fromhex(password).hex()}'"
    )


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
