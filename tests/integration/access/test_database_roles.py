"""Each kind of process has a database role that may do its work and nothing more; the audit trail only grows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import URL, create_engine, make_url, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from core import audit
from core.audit import Origin
from core.install import archive_readers, setup
from core.install.database_roles import DatabaseRole
from core.install.grants import GRANTS, TABLES
from core.jobs import outbox
from core.models import AccessEvent, Base, OutboxMessage, Patient, Role, utc_now
from core.models.record_types import SERVERS
from core.services import archive
from core.settings.config import Settings
from core.stores import databases
from core.stores.databases import Store
from tests.factories import (
    NOW,
    make_account,
    make_assay,
    make_note,
    make_observation,
    make_patient,
    make_visit,
)
from tests.integration.access.test_two_portals import closed_addresses, host, make_app, sign_in
from tests.ready_report import make_ready_report, sign_ready_report
from workers import run
from workers.archive import driver
from workers.schedule import SCHEDULE, Entry

REFUSED = "permission denied|permission was denied|must be owner|you do not have permission"
TAMPERING = (
    "UPDATE access_event SET actor_name = 'nobody'",
    "DELETE FROM access_event",
    "TRUNCATE TABLE access_event",
    "DROP TABLE access_event",
    "UPDATE access_event SET sequence = sequence",
)
DISARMING = ("ALTER TABLE access_event DISABLE TRIGGER ALL", "SET session_replication_role = replica")
LOOKERS = [role for role in DatabaseRole if role is not DatabaseRole.ARCHIVER]


@pytest.fixture(scope="module")
def urls(settings: Settings) -> dict[DatabaseRole, str]:
    """The primary's address with a login of each role."""
    databases.configure(settings)
    logins = {role: f"test_{role}" for role in DatabaseRole}
    return {
        role: archive_readers.as_login(settings.primary_url, name, setup.make_login(name, role))
        for role, name in logins.items()
    }


def of_archives(settings: Settings, role: DatabaseRole, login: URL) -> dict[str, str]:
    """The archives' addresses as the role has them. On SQL Server an administrator makes its logins there."""
    if role not in GRANTS.archived or not settings.primary_url.startswith("postgresql"):
        return {}
    name, password = str(login.username), str(login.password)
    found = {}
    for server in SERVERS:
        setup.make_archive_login(server, name, role, password)
        found[f"archive_{server}_url"] = archive_readers.as_login(settings.archive_url(server), name, password)
    return found


@pytest.fixture
def acting(database: Settings, urls: dict[DatabaseRole, str], sync_replica: Callable[[], None]) -> Iterator[Any]:
    """Makes this process one of the role's, with its login on the primary, the replica and the archives."""

    def act(role: DatabaseRole) -> Settings:
        sync_replica()
        login = make_url(urls[role])
        replica = make_url(database.replica_url).set(username=login.username, password=login.password)
        databases.configure(database)
        own = of_archives(database, role, login)
        settings = database.model_copy(
            update={"primary_url": urls[role], "replica_url": replica.render_as_string(hide_password=False), **own}
        )
        databases.configure(settings)
        audit.origin.set(Origin(role.kind))
        return settings

    before = audit.origin.set(audit.origin.get())
    yield act
    audit.origin.reset(before)
    databases.configure(database)


def connected(url: str) -> Connection:
    return create_engine(url).connect()


@pytest.fixture
def patient(database: Settings) -> Patient:
    """With a visit, results, a signed report and a draft."""
    with databases.write() as session:
        made = make_patient(session)
        visit = make_visit(session, made)
        make_note(session, visit)
        make_observation(session, visit, make_assay(session))
        doctor = make_account(session)
        signed = make_ready_report(session, made, doctor)
    sign_ready_report(signed, doctor)
    with databases.write() as session:
        other = make_patient(session, name="Lim Ah Kow")
        make_ready_report(session, other, doctor)
    return made


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


def test_the_archiver_moves_events(acting: Any, patient: Patient) -> None:
    with databases.write() as session:
        for _ in range(3):
            audit.record(session, "chart.viewed", by=None, patient_id=patient.id, at=NOW - timedelta(days=30))
    acting(DatabaseRole.ARCHIVER)
    with databases.write() as session:
        run_id = archive.start_run(session, record_type="log", by=None, as_of=NOW).id
    driver.drive(run_id)
    with databases.read(Store.HOT) as session:
        run = session.get_one(archive.ArchiveRun, run_id)
        assert (run.state, run.reason) == ("done", None)
        old = select(AccessEvent).where(AccessEvent.at < NOW - timedelta(days=29))
        assert session.scalars(old).all() == []


@pytest.mark.parametrize("record_type", ["visit", "report"])
def test_the_archiver_moves_all_else(acting: Any, patient: Patient, record_type: str) -> None:
    acting(DatabaseRole.ARCHIVER)
    with databases.write() as session:
        run = archive.start_run(session, record_type=record_type, by=None)
        run.cutoff_at = utc_now() + timedelta(days=1)
        run_id = run.id
    driver.drive(run_id)
    with databases.read(Store.HOT) as session:
        run = session.get_one(archive.ArchiveRun, run_id)
        assert (run.state, run.reason) == ("done", None)


# An evaluation is a command of its own, of the settings that the worker has.
HERE = [entry for entry in SCHEDULE if entry.task != "workers.evaluate.evaluate"]


@pytest.mark.parametrize("entry", HERE, ids=lambda entry: entry.name)
def test_each_scheduled_job_is_asked_for_and_done_in_its_roles(acting: Any, patient: Patient, entry: Entry) -> None:
    acting(DatabaseRole.WORKER)
    with databases.write() as session:
        message_id = outbox.add(session, entry.task, **entry.arguments)  # type: ignore[arg-type]
    acting(DatabaseRole.ARCHIVER if entry.queue == "archive" else DatabaseRole.WORKER)
    assert run.perform(message_id) != "done before"
    with databases.read(Store.HOT) as session:
        assert session.get_one(OutboxMessage, message_id).done_at is not None


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
        for column in ("account_id", "tie"):
            with pytest.raises(DBAPIError, match="permission denied"), public.begin_nested():
                public.execute(text(f"SELECT {column} FROM visit_tie"))


STAFF_ONLY = (
    "claim_check", "omission", "evidence", "model_call", "care_team_member", "glass_break", "sensitive_visit",
    "sensitive_grant",
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


FORMS = ("csv", "fhir", "pdf")
PORTALS = {"public": (DatabaseRole.PUBLIC, [Role.PATIENT]),
           "staff": (DatabaseRole.STAFF, [Role.CLINICIAN, Role.ADMIN, Role.AUDITOR])}  # fmt: skip


@pytest.mark.parametrize("portal", PORTALS)
def test_each_portal_does_all_its_work_in_its_role(acting: Any, patient: Patient, portal: str) -> None:
    role, people = PORTALS[portal]
    with databases.write() as session:
        own = {"patient_id": patient.id} if portal == "public" else {}
        names = [make_account(session, role=person, **own).username for person in people]
    app = make_app(portal, acting(role))
    for username in names:
        client = sign_in(app, portal, username)
        addresses = [one for form in FORMS for one in closed_addresses(app, patient_id=patient.id, form=form)]
        for method, address in dict.fromkeys(addresses):
            reply = client.open(address, method=method, base_url=host(portal))
            assert reply.status_code < 500, f"{method} {address}: {reply.status_code}"


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
