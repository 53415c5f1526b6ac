"""Each kind of process has a database role with rights to its work and nothing more; the audit trail only grows."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import make_url, select, text
from sqlalchemy.exc import DBAPIError

from core import audit
from core.install import archive_readers, setup
from core.install.database_roles import DatabaseRole
from core.install.grants import GRANTS, TABLES
from core.models import AccessEvent, Base, Patient
from core.models.record_types import SERVERS
from core.settings.config import Settings
from core.stores import databases
from core.stores.databases import Store
from tests.integration.access.acting_roles import REFUSED, acting, connected, patient, urls

__all__ = ["acting", "patient", "urls"]
TAMPERING = (
    "UPDATE access_event SET actor_name = 'nobody'",
    "DELETE FROM access_event",
    "TRUNCATE TABLE access_event",
    "DROP TABLE access_event",
    "UPDATE access_event SET sequence = sequence",
)
DISARMING = ("ALTER TABLE access_event DISABLE TRIGGER ALL", "SET session_replication_role = replica")
LOOKERS = [role for role in DatabaseRole if role is not DatabaseRole.ARCHIVER]


def gives_no_ids(role: DatabaseRole, table: str, verb: str) -> bool:
    """Whether a right to a table is one to all its columns but the id."""
    brings_back = verb == "INSERT" and table in {one.name for one in GRANTS.brings_back.get(role, ())}
    counted = table in Base.metadata.tables and Base.metadata.tables[table].primary_key.columns[0].identity
    return bool(counted) and verb in ("INSERT", "UPDATE") and not brings_back


@pytest.mark.only_on_postgresql("asks it for each privilege")
@pytest.mark.usefixtures("urls")
@pytest.mark.parametrize("role", DatabaseRole)
def test_each_role_has_what_the_map_says_and_nothing_else(settings: Settings, role: DatabaseRole) -> None:
    held = "SELECT has_table_privilege(:role, :table, :verb)"
    some = "SELECT has_any_column_privilege(:role, :table, :verb)"
    with connected(settings.primary_url) as connection:
        for table in [*Base.metadata.tables, "alembic_version"]:
            granted = ("SELECT",) if table == "alembic_version" else TABLES[role].get(table, ())
            for verb in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"):
                about = {"role": role, "table": table, "verb": verb}
                whole = verb in granted and not gives_no_ids(role, table, verb)
                assert connection.scalar(text(held), about) == whole, f"{role} {verb} {table}"
                if verb in ("SELECT", "INSERT", "UPDATE"):
                    in_part = any(privilege.startswith(verb) for privilege in granted)
                    assert connection.scalar(text(some), about) == in_part, f"{role} {verb} of columns of {table}"


def tampers(statement: str) -> None:
    with pytest.raises(DBAPIError, match=REFUSED), databases.write() as session:
        session.execute(text(statement))


@pytest.mark.parametrize("statement", TAMPERING)
@pytest.mark.parametrize("role", LOOKERS)
def test_nobody_who_looks_can_change_what_is_on_record(
    database: Settings, acting: Any, role: DatabaseRole, statement: str
) -> None:
    with databases.write() as session:
        audit.record(session, "chart.viewed", by=None)
    acting(role)
    tampers(statement)
    databases.configure(database)
    with databases.read(Store.HOT) as session:
        assert [event.actor_name for event in session.scalars(select(AccessEvent))] == [None]


@pytest.mark.only_on_postgresql("its ways to turn triggers off")
@pytest.mark.parametrize("statement", DISARMING)
@pytest.mark.parametrize("role", DatabaseRole)
def test_nobody_turns_the_guards_off(acting: Any, role: DatabaseRole, statement: str) -> None:
    acting(role)
    tampers(statement)


def test_the_archiver_takes_away_events_and_changes_none(acting: Any) -> None:
    acting(DatabaseRole.ARCHIVER)
    for statement in (statement for statement in TAMPERING if not statement.startswith("DELETE")):
        tampers(statement)


@pytest.mark.only_on_postgresql("policies of its rows")
def test_the_patients_portal_reads_no_draft(acting: Any, patient: Patient, urls: dict[DatabaseRole, str]) -> None:
    with connected(urls[DatabaseRole.STAFF]) as staff, connected(urls[DatabaseRole.PUBLIC]) as public:
        assert set(staff.scalars(text("SELECT state FROM report"))) == {"signed", "ready"}
        assert set(public.scalars(text("SELECT state FROM report"))) == {"signed"}
        for table in ("claim", "citation"):
            query = text(f"SELECT count(DISTINCT report_id) FROM {table}")
            assert (staff.scalar(query), public.scalar(query)) == (2, 1), table
        for table in STAFF_ONLY:
            with pytest.raises(DBAPIError, match="permission denied"), public.begin_nested():
                public.execute(text(f"SELECT 1 FROM {table}"))
        for table, column in STAFF_ONLY_COLUMNS:
            with pytest.raises(DBAPIError, match="permission denied"), public.begin_nested():
                public.execute(text(f"SELECT {column} FROM {table}"))


STAFF_ONLY_COLUMNS = (
    ("visit_tie", "account_id"), ("visit_tie", "tie"), ("sensitive_visit", "category"),
    ("sensitive_visit", "recorded_by"), ("sensitive_visit", "set_by"), ("sensitive_visit", "practitioner_id"),
)  # fmt: skip
STAFF_ONLY = (
    "claim_check", "omission", "evidence", "model_call", "care_team_member", "glass_break", "sensitive_grant",
    "archive_run", "outbox_message", "cold.model_call", "cold.evidence", "cold.access_event",
)  # fmt: skip


@pytest.mark.only_on_postgresql("reads by a snapshot in its words")
@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("role", [DatabaseRole.WORKER, DatabaseRole.ARCHIVER])
def test_whoever_moves_rows_sees_others_snapshots(urls: dict[DatabaseRole, str], role: DatabaseRole) -> None:
    with connected(urls[DatabaseRole.PUBLIC]) as reader, connected(urls[role]) as mover:
        reader.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        reader.execute(text("SELECT 1 FROM patient"))
        assert databases.current().adapter.server.oldest_snapshot_at(mover) is not None


@pytest.mark.only_on_postgresql("its session that only reads, which the login may leave")
@pytest.mark.parametrize("server", SERVERS)
def test_archived_rows_are_read_by_a_login_that_only_reads(settings: Settings, server: str) -> None:
    name = archive_readers.name_of(settings.archive_url(server))
    with connected(settings.primary_url) as primary:
        password = databases.current().adapter.links.password_of(primary, server, name)
    assert password is not None
    address = make_url(settings.archive_url(server)).set(username=name, password=password)
    with connected(address.render_as_string(hide_password=False)) as archived:
        archived.execute(text("SET default_transaction_read_only = off"))
        archived.commit()
        for table in {"logs": ("access_event",), "visits": ("visit", "note"), "reports": ("report",)}[server]:
            archived.execute(text(f"SELECT 1 FROM {table}"))
            for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET id = id", f"TRUNCATE {table}"):
                with pytest.raises(DBAPIError, match=REFUSED), archived.begin_nested():
                    archived.execute(text(statement))


def test_an_init_that_changes_nothing_keeps_the_readers_password(settings: Settings) -> None:
    def passwords() -> list[str | None]:
        with databases.current().engine(Store.HOT, read_only=True).connect() as primary:
            links = databases.current().adapter.links
            logins = {server: archive_readers.name_of(settings.archive_url(server)) for server in SERVERS}
            return [links.password_of(primary, server, login) for server, login in logins.items()]

    before = passwords()
    setup.initialise(settings)
    assert passwords() == before
    setup.initialise(settings, rotate=True)
    assert set(passwords()).isdisjoint(before)
    for server in SERVERS:
        with connected(archive_readers.address(server)) as archived:
            archived.execute(text("SELECT 1"))
