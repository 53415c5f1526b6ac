"""Databases for tests on servers that speak SQL Server's protocol, named by their addresses."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import Pool

from core.embedded.servers import VALKEY, Servers
from core.engines import mssql_connection, mssql_server
from core.models import Base
from core.models.record_types import ARCHIVE_METADATA, SERVERS
from core.stores import databases, freshness
from core.stores.databases import Store
from tests import kept_databases
from tests.tiers import NamedReplica, NamedServer, Tiers

ADDRESS, ARCHIVE_ADDRESS = "STRATA_TEST_MSSQL_URL", "STRATA_TEST_MSSQL_ARCHIVE_URL"
REPLICA_ADDRESS = "STRATA_TEST_MSSQL_REPLICA_URL"
TO_NAME = f"name two servers by {ADDRESS} and {ARCHIVE_ADDRESS}."
NOT_NAMED = f"SQL Server: {ADDRESS} and {ARCHIVE_ADDRESS} name none"
REPLAY_SECONDS = 30
LOOPBACK = ("127.0.0.1", "localhost", "::1")
FOREIGN_KEYS = "SELECT OBJECT_NAME(parent_object_id), name FROM sys.foreign_keys"
DROP_TRIES = 20
USES_MAX = 100


def is_named() -> bool:
    """Whether both servers are: the primary's and the archives'. Both addresses' logins may create databases."""
    return bool(os.environ.get(ADDRESS) and os.environ.get(ARCHIVE_ADDRESS))


@contextmanager
def database(address: str) -> Iterator[str]:
    """The address of a new database, which is dropped at the end."""
    name = f"strata_test_{secrets.token_hex(4)}"
    owner = mssql_connection.make_engine(address, read_only=False, seconds=60)
    with owner.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        yield _in(address, name)
    finally:
        kept_databases.dispose()
        _drop(owner, name)
        owner.dispose()


def _drop(owner: Engine, name: str) -> None:
    """Whoever has just left may still be on its way out."""
    for tries in range(DROP_TRIES, 0, -1):
        try:
            with owner.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
                connection.exec_driver_sql(f"DROP DATABASE {name}")
        except DBAPIError:
            if tries == 1:
                raise
            time.sleep(0.5)
        else:
            return


def _in(address: str, name: str) -> str:
    return make_url(address).set(database=name).render_as_string(hide_password=False)


def can_be_cut_off() -> bool:
    """Whether the servers are on this machine: then the ways to them are a test's to cut, also those of their links."""
    named = filter(None, (os.environ.get(name) for name in (ADDRESS, ARCHIVE_ADDRESS, REPLICA_ADDRESS)))
    return all(make_url(address).host in LOOPBACK for address in named)


@contextmanager
def tiers(servers: Servers) -> Iterator[Tiers]:
    """Ways to the named servers, one for each store, and the embedded Valkey."""
    primary, archive = os.environ[ADDRESS], os.environ[ARCHIVE_ADDRESS]
    replica = NamedReplica(os.environ.get(REPLICA_ADDRESS), primary)
    ways = {"primary": NamedServer(primary), "replica": replica, **{name: NamedServer(archive) for name in SERVERS}}
    try:
        yield Tiers({**ways, VALKEY: servers.valkey}, replica)
    finally:
        for way in ways.values():
            way.stop()


def by_ways(addresses: dict[str, str], tiers: Tiers) -> dict[str, str]:
    """The same databases, to be reached by ways that a test can cut."""
    if not can_be_cut_off():
        return addresses
    names = {f"STRATA_ARCHIVE_{name.upper()}_URL": name for name in SERVERS}
    names |= {"STRATA_PRIMARY_URL": "primary", "STRATA_REPLICA_URL": "replica"}
    return addresses | {name: tiers.of[of].by_way(addresses[name]) for name, of in names.items()}


@contextmanager
def new_databases() -> Iterator[dict[str, str]]:
    """Five databases, as STRATA_* variables: the replica is the primary itself where no address names one."""
    with ExitStack() as stack:
        primary = stack.enter_context(database(os.environ[ADDRESS]))
        replica = os.environ.get(REPLICA_ADDRESS)
        addresses = {
            "STRATA_PRIMARY_URL": primary,
            "STRATA_REPLICA_URL": _in(replica, str(make_url(primary).database)) if replica else primary,
            # Some servers need a second or more to read a linked table, and as much to plan on a new connection.
            "STRATA_PATIENCE_MIN_TIMES": "2",
            "STRATA_PATIENCE_MAX_TIMES": "10",
        }
        for server in SERVERS:
            made = stack.enter_context(database(os.environ[ARCHIVE_ADDRESS]))
            addresses[f"STRATA_ARCHIVE_{server.upper()}_URL"] = made
        yield addresses


def renew_often() -> None:
    """Let no session of these servers live for long, though its connection is kept."""
    if not event.contains(Pool, "checkin", _renew):
        event.listen(Pool, "checkin", _renew)


def _renew(connection: Any, record: Any) -> None:
    """End a session after so many uses: Babelfish's keeps open what it has read through links, up to some thousands."""
    if type(connection).__module__ == "pyodbc":
        record.info["uses"] = record.info.get("uses", 0) + 1
        if record.info["uses"] >= USES_MAX:
            record.invalidate(soft=True)


def skip_on_babelfish(engine_name: str, why: str) -> None:
    """Skip the test, saying what Babelfish can't do, if that is the primary of this process's databases."""
    if engine_name != "mssql":
        return
    with databases.current().engine(Store.HOT, read_only=True).connect() as connection:
        if mssql_server.is_babelfish(connection):
            pytest.skip(f"Babelfish {why}")


def empty() -> None:
    """Empty every table, and begin its ids anew."""
    of = databases.current()
    for store, metadata in ((Store.HOT, Base.metadata), *((Store(name), ARCHIVE_METADATA[name]) for name in SERVERS)):
        with of.engine(store, read_only=False).begin() as connection:
            _empty(connection, [table.name for table in reversed(metadata.sorted_tables)])


def _empty(connection: Connection, tables: Sequence[str]) -> None:
    """By TRUNCATE, which begins ids anew and takes no table that a foreign key names: those keys go for the tests."""
    for table, key in connection.execute(text(FOREIGN_KEYS)).all():
        connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {key}")
    query = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in tables)
    for name in connection.scalars(text(query)).all():
        connection.exec_driver_sql(f"TRUNCATE TABLE {name}")


def wait_until_replayed() -> None:
    """Wait until the replica has all that the primary has written."""
    servers, position = databases.current(), freshness.primary_position()
    until = time.monotonic() + REPLAY_SECONDS
    while True:
        with servers.engine(Store.REPLICA, read_only=True).connect() as replica:
            if servers.adapter.replication.replayed_position(replica) >= position:
                return
        assert time.monotonic() < until, "the replica does not catch up"
        time.sleep(0.01)
