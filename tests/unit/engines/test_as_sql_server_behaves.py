"""`strata init` and cold reads against what SQL Server refuses: policies, row versions, distributed transactions."""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterator

import pytest
from sqlalchemy import MetaData, select
from sqlalchemy.exc import DBAPIError

from commands.doctor import database_servers
from core.engines.mssql_connection import DRIVER
from core.install import archive_readers, setup
from core.install.database_roles import DatabaseRole
from core.settings import config
from core.settings.config import ConfigError, Settings
from core.stores import archived, databases
from core.stores.archived import ColdUnavailable
from core.stores.databases import Store
from core.stores.tables import hot_table, linked_table
from tests.stub_sql_server import Instance, Link, Network, Session
from workers.archive import purge
from workers.archive.retry_policy import RightMissing

OWNER, SECRET = "strata_owner", "Owner-1-secret"
KEY = base64.b64encode(b"k" * 32).decode()


class House:
    """A primary with a readable secondary behind one listener, and one server for the three archives."""

    def __init__(self) -> None:
        logins = {OWNER: SECRET}
        self.primary = Instance("primary", dict(logins))
        self.secondary = Instance("secondary", dict(logins), is_secondary=True)
        self.archive = Instance("archive", dict(logins))
        self.network = Network()
        self.network.at = {"listener,1433": self.primary, "archive,1433": self.archive}
        self.network.read_only = {"listener,1433": self.secondary}

    def settings(self, primary: str = "strata", archive: str = "archive:1433", **more: str) -> Settings:
        addresses = {
            "STRATA_PRIMARY_URL": self.url("listener:1433", primary),
            "STRATA_REPLICA_URL": self.url("listener:1433", primary),
            **{f"STRATA_ARCHIVE_{name}_URL": self.url(archive, f"{primary}_{name.lower()}") for name in
               ("LOGS", "VISITS", "REPORTS")},
        }  # fmt: skip
        others = {"STRATA_REDIS_URL": "redis://localhost", "STRATA_STAGING_URL": "file:///tmp/none"}
        return config.load({**addresses, **others, "STRATA_FIELD_KEYS": KEY, **more})

    def share_links(self) -> None:
        """Let the secondary have the primary's links, as its administrator makes them there."""
        self.secondary.links, self.secondary.views = self.primary.links, self.primary.views

    @staticmethod
    def url(server: str, database: str) -> str:
        return f"mssql+pyodbc://{OWNER}:{SECRET}@{server}/{database}"


def read_cold() -> None:
    archived.breakers["visits"].answered()
    archived.fetch("visit", select(linked_table("visit").c.id))


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    made = House()
    monkeypatch.setitem(sys.modules, "pyodbc", made.network.driver())
    monkeypatch.setattr(setup, "upgrade", lambda *_: None)
    monkeypatch.setattr(databases, "configured", None)
    yield made
    databases.current().dispose()


def test_readers_passwords_meet_the_policy(house: House) -> None:
    setup.initialise(house.settings())
    assert len(house.archive.logins) == 4


def test_row_versions_are_switched_on_although_others_have_looked_at_the_server(house: House) -> None:
    """The server waits 30 seconds for them: longer than a statement of ours may take otherwise."""
    for instance, database in ((house.primary, "strata"), (house.archive, "strata_logs")):
        Session(house.network, instance, database, autocommit=True)
    setup.initialise(house.settings())
    assert house.primary.versioned == {"strata"}
    assert house.archive.versioned == {"strata_logs", "strata_visits", "strata_reports"}


def test_only_what_is_meant_for_the_replica_is_routed_to_it(house: House) -> None:
    databases.configure(house.settings())
    for engine in (databases.current().engine(Store.HOT, read_only=True), databases.current().probe_engine(Store.HOT)):
        with engine.connect() as connection:
            assert databases.current().adapter.server.takes_writes(connection)
    for engine in (databases.current().engine(Store.REPLICA, read_only=True),
                   databases.current().cold_engine(Store.REPLICA, "visits")):  # fmt: skip
        with engine.connect() as connection:
            assert not databases.current().adapter.server.takes_writes(connection)


def test_a_cold_read_begins_no_distributed_transaction(house: House) -> None:
    setup.initialise(house.settings())
    house.share_links()
    read_cold()
    assert house.secondary.said("FROM cold.visit")
    assert house.secondary.promotions == 0


def test_another_init_drops_no_link_and_changes_no_password(house: House) -> None:
    setup.initialise(house.settings())
    before, links = dict(house.archive.logins), dict(house.primary.links)
    house.primary.statements.clear()
    setup.initialise(house.settings())
    assert house.archive.logins == before
    assert house.primary.links == links
    assert not house.primary.said("sp_dropserver")
    assert not house.primary.said("DROP VIEW")


def test_passwords_change_with_their_links_when_that_is_asked_for(house: House) -> None:
    setup.initialise(house.settings())
    before = {link.user: link.password for link in house.primary.links.values()}
    setup.initialise(house.settings(), rotate=True)
    after = {link.user: link.password for link in house.primary.links.values()}
    assert after.keys() == before.keys()
    assert set(after.values()).isdisjoint(before.values())
    assert {name: house.archive.logins[name] for name in after} == after


def test_passwords_are_kept_and_nobody_reads_them_without_the_key(house: House) -> None:
    setup.initialise(house.settings())
    known = {link.user: link.password for link in house.primary.links.values()}
    assert house.primary.kept.keys() == known.keys()
    assert not set(known.values()) & set(house.primary.kept.values())
    assert archive_readers.address("visits") == archive_readers.as_login(
        house.url("archive:1433", "strata_visits"), "strata_reader_strata_visits", known["strata_reader_strata_visits"]
    )
    with pytest.raises(ConfigError, match=r"strata_reader_strata_logs is sealed.*strata init --rotate"):
        setup.initialise(house.settings(STRATA_FIELD_KEYS=base64.b64encode(b"x" * 32).decode()))


def test_kept_passwords_are_sealed_again_with_a_new_key(house: House) -> None:
    setup.initialise(house.settings())
    password = archive_readers.address("logs")
    newer = base64.b64encode(b"n" * 32).decode()
    databases.configure(house.settings(STRATA_FIELD_KEYS=f"{newer},{KEY}"))
    assert archive_readers.reseal() == 3
    databases.configure(house.settings(STRATA_FIELD_KEYS=newer))
    assert archive_readers.address("logs") == password


def test_an_init_that_stopped_between_login_and_link_is_made_good_by_the_next(house: House) -> None:
    setup.initialise(house.settings())
    house.archive.logins["strata_reader_strata_visits"] = "another-Password-1"
    setup.initialise(house.settings())
    house.share_links()
    read_cold()


def test_without_a_key_nothing_is_changed(house: House) -> None:
    with pytest.raises(ConfigError, match="STRATA_FIELD_KEYS is not set"):
        setup.initialise(house.settings(STRATA_FIELD_KEYS=""))
    assert not house.primary.versioned
    assert house.archive.logins.keys() == {OWNER}


def test_two_installations_on_the_same_instances_leave_each_other_alone(house: House) -> None:
    setup.initialise(house.settings("clinic-one"))
    links, logins = dict(house.primary.links), dict(house.archive.logins)
    setup.initialise(house.settings("clinic-two"))
    assert len(house.primary.links) == 6
    assert house.primary.links.items() >= links.items()
    assert house.archive.logins.items() >= logins.items()


def test_the_link_of_before_links_had_their_installations_name_goes_if_it_was_ours(house: House) -> None:
    ours, anothers = Link("archive,1433", "strata_logs", ""), Link("archive,1433", "another_visits", "")
    house.primary.links |= {"archive_logs": ours, "archive_visits": anothers}
    setup.initialise(house.settings())
    assert "archive_logs" not in house.primary.links
    assert house.primary.links["archive_visits"] is anothers


def test_a_named_instance_is_asked_for_its_port(house: House) -> None:
    house.network.at["archive\\VISITS"] = house.archive
    setup.initialise(house.settings(archive="archive\\VISITS"))
    assert {link.source for link in house.primary.links.values()} == {"archive\\VISITS"}


def test_rows_come_back_without_a_right_to_alter_their_table(house: House) -> None:
    """SET IDENTITY_INSERT would be refused (1088): the owner's procedure inserts."""
    databases.configure(house.settings())
    table = hot_table("visit")
    copy = table.to_metadata(MetaData(), name="#restoring_visit")
    with databases.write() as session:
        databases.current().adapter.loading.insert_copies(session.connection(), table, copy)
    assert house.primary.statements[-1] == "EXEC restoring.visit"
    house.primary.rights.add("ALTER")
    with databases.write() as session:
        databases.current().adapter.loading.insert_copies(session.connection(), table, copy)
    assert house.primary.said("SET IDENTITY_INSERT visit ON")


def test_a_process_that_may_not_see_sessions_is_told_by_doctor(house: House) -> None:
    def told(role: DatabaseRole) -> list[tuple[bool, str]]:
        house.primary.roles = {role}
        with databases.current().engine(Store.HOT, read_only=True).connect() as connection:
            return [(found.ok, found.mend) for found in database_servers.sessions("primary", connection)]

    databases.configure(house.settings())
    with (
        databases.current().engine(Store.HOT, read_only=True).connect() as connection,
        pytest.raises(DBAPIError, match="VIEW SERVER PERFORMANCE STATE permission was denied"),
    ):
        databases.current().adapter.server.oldest_snapshot_at(connection)
    mend = f"as an administrator, USE master; GRANT VIEW SERVER PERFORMANCE STATE TO [{OWNER}]"
    assert told(DatabaseRole.WORKER) == told(DatabaseRole.ARCHIVER) == [(False, mend)]
    assert told(DatabaseRole.STAFF) == []
    house.primary.rights.add("VIEW SERVER STATE")
    assert told(DatabaseRole.WORKER) == [(True, "")]


@pytest.mark.parametrize(
    ("major", "right"),
    [(15, "VIEW SERVER STATE"), (16, "VIEW SERVER PERFORMANCE STATE"), (17, "VIEW SERVER PERFORMANCE STATE")],
)
def test_a_purge_without_the_right_names_it_in_the_words_of_the_version(house: House, major: int, right: str) -> None:
    databases.configure(house.settings())
    house.primary.major = major
    with databases.current().engine(Store.HOT, read_only=True).connect() as connection:
        with pytest.raises(RightMissing, match=rf"on the primary: as .* GRANT {right} TO \[{OWNER}\]$"):
            purge.check_right("primary", connection)
        house.primary.rights.add("VIEW SERVER STATE")
        purge.check_right("primary", connection)


def test_a_driver_whose_file_is_missing_is_not_a_dead_server(house: House) -> None:
    databases.configure(house.settings())
    house.network.file_is_missing = True
    found = {finding.subject: finding for finding in database_servers.examine(databases.current().settings)}
    for name in ("primary", "replica", "archive logs"):
        assert found[name].detail == f"the ODBC driver {DRIVER!r} is registered, and its file is missing"
        assert found[name].mend.startswith("install Microsoft's ODBC Driver 18")


@pytest.mark.parametrize(("most_times", "seconds"), [("1", 2), ("2", 3)])
def test_a_slow_connection_takes_nothing_from_the_time_of_a_cold_read_and_gives_it_more(
    house: House, most_times: str, seconds: int
) -> None:
    setup.initialise(house.settings())
    house.share_links()
    house.network.connecting_seconds = 0.6
    databases.configure(house.settings(STRATA_COLD_TIMEOUT_SECONDS="1.2", STRATA_PATIENCE_MAX_TIMES=most_times))
    with databases.read_linked(Store.REPLICA, "visits", 1.2) as session:
        # In whole seconds, as the driver has it.
        assert session.connection().connection.dbapi_connection.timeout == seconds  # type: ignore[union-attr]


def test_every_statement_has_more_time_where_the_server_is_far(house: House) -> None:
    house.network.connecting_seconds = 0.6
    databases.configure(house.settings(STRATA_STATEMENT_TIMEOUT_SECONDS="10", STRATA_PATIENCE_MAX_TIMES="2"))
    with databases.current().engine(Store.HOT, read_only=True).connect() as connection:
        assert connection.connection.dbapi_connection.timeout == 20  # type: ignore[union-attr]


def test_a_link_has_more_time_where_a_server_is_far(house: House) -> None:
    house.network.connecting_seconds = 0.6
    setup.initialise(house.settings(STRATA_PATIENCE_MAX_TIMES="2"))
    told = "@server = N'strata_archive_visits', @optname = '{}', @optvalue = '{}'"
    assert house.primary.said(told.format("connect timeout", 4))
    assert house.primary.said(told.format("query timeout", 10))


def test_a_link_whose_login_is_refused_or_that_is_gone_is_an_archive_that_does_not_answer(house: House) -> None:
    setup.initialise(house.settings())
    house.share_links()
    house.archive.logins["strata_reader_strata_visits"] = "changed-Just-now-1"
    with pytest.raises(ColdUnavailable):
        read_cold()
    house.secondary.links = {}
    with pytest.raises(ColdUnavailable):
        read_cold()
