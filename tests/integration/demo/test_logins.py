"""Which logins the demo gives to which process: none reaches further than where an administrator sets it up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from commands.demo import logins
from commands.demo.demo_files import Keys
from core.install.database_roles import DatabaseRole
from core.models.record_types import ARCHIVE_METADATA, SERVERS
from core.settings.config import DATABASES

Environments = dict[DatabaseRole, dict[str, str]]
ARCHIVES = {server: f"STRATA_ARCHIVE_{server.upper()}_URL" for server in SERVERS}
# A superuser, or whoever owns the database or a table in it, is bound by no grant and no rule of rows.
UNBOUND = """
SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication
  OR EXISTS (SELECT FROM pg_database d WHERE pg_has_role(r.oid, d.datdba, 'MEMBER'))
  OR EXISTS (SELECT FROM pg_class c WHERE pg_has_role(r.oid, c.relowner, 'MEMBER'))
  OR has_database_privilege(current_database(), 'CREATE') OR has_schema_privilege('public', 'CREATE')
FROM pg_roles r WHERE rolname = session_user
"""


@pytest.fixture
def made(database: Any, servers: Any) -> Environments:
    return logins.environments(database, servers.valkey, Keys())


def connected(url: str) -> Connection:
    return create_engine(url).connect()


def reached(environment: dict[str, str]) -> Iterator[tuple[str, Connection]]:
    for variable in DATABASES:
        try:
            with connected(environment[variable]) as connection:
                yield variable, connection
        except OperationalError:
            continue


@pytest.mark.parametrize("role", DatabaseRole)
def test_no_process_has_an_owners_address_of_any_server(made: Environments, role: DatabaseRole) -> None:
    found = {variable: connection.scalar(text(UNBOUND)) for variable, connection in reached(made[role])}
    archives = set() if role is DatabaseRole.PUBLIC else set(ARCHIVES.values())
    assert found == dict.fromkeys({"STRATA_PRIMARY_URL", "STRATA_REPLICA_URL"} | archives, False)


def may(archive: Connection, statement: str) -> bool:
    try:
        with archive.begin_nested():
            archive.execute(text(statement))
    except ProgrammingError as fault:
        if not re.search("permission denied|must be owner", str(fault)):
            raise
        return False
    return True


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("role", [role for role in DatabaseRole if role is not DatabaseRole.PUBLIC])
def test_the_archiver_alone_writes_on_archives_and_changes_no_row(
    made: Environments, role: DatabaseRole, server: str
) -> None:
    with connected(made[role][ARCHIVES[server]]) as archive:
        for table, (first, *_) in ((name, found.c) for name, found in ARCHIVE_METADATA[server].tables.items()):
            tried = {
                "SELECT": f"SELECT 1 FROM {table} LIMIT 1",
                "INSERT": f"INSERT INTO {table} SELECT * FROM {table}",
                "DELETE": f"DELETE FROM {table}",
                "UPDATE": f"UPDATE {table} SET {first.name} = {first.name}",
                "TRUNCATE": f"TRUNCATE {table}",
                "ALTER": f"ALTER TABLE {table} ADD COLUMN mine int",
            }
            had = {verb for verb, statement in tried.items() if may(archive, statement)}
            assert had == ({"SELECT", "INSERT", "DELETE"} if role is DatabaseRole.ARCHIVER else {"SELECT"}), table
        for statement in ("UPDATE alembic_version SET version_num = '0'", "CREATE TABLE mine (id int)"):
            assert not may(archive, statement)
        for statement in ("CREATE TEMPORARY TABLE mine (id int)", "SELECT pg_try_advisory_xact_lock(1)"):
            assert may(archive, statement) == (role is DatabaseRole.ARCHIVER)


@pytest.mark.parametrize("spare", ["postgres", "template1"])
@pytest.mark.parametrize("role", DatabaseRole)
def test_no_process_opens_the_databases_that_a_server_is_made_with(
    made: Environments, role: DatabaseRole, spare: str
) -> None:
    """There nothing is closed: whoever gets in fills the disk with large objects."""
    for variable in {name: True for name, _ in reached(made[role])}:
        other = make_url(made[role][variable]).set(database=spare)
        with pytest.raises(OperationalError, match="permission denied for database"):
            connected(other.render_as_string(hide_password=False))
