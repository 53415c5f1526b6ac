"""`strata init`: schema on every server, roles, linked tables. Repeatable."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection

from core.engines.passwords import make_password
from core.install import archive_readers, old_rows
from core.install.database_roles import DatabaseRole
from core.install.grants import GRANTS
from core.migrations.upgrade import upgrade
from core.models.record_types import SERVERS, TAKING
from core.settings.config import Settings
from core.stores import databases
from core.stores.databases import Databases, Store

LOCK = "strata init"
STORES = (Store.HOT, *map(Store, SERVERS))


class OldRows(Exception):
    """Rows that are older than a check of their table do not keep it; the message names them."""


def initialise(
    settings: Settings,
    on_progress: Callable[[str], None] = lambda line: None,
    *,
    rotate: bool = False,
    check_rows: bool = False,
) -> None:
    """Bring every server up to date. Raises SQLAlchemyError if a server can't be reached or refuses, and KeyMissing.

    Connects to every server before it changes any. With `rotate`, the logins that read archives get new passwords; with
    `check_rows`, servers look at the older rows of all tables: raises OldRows, after all else is done.
    """
    servers = databases.configure(settings)
    _prepare(servers)
    for server in SERVERS:
        _make_archive(servers, server)
        on_progress(f"archive {server}: schema is up to date")
    _make_primary(servers, rotate=rotate)
    on_progress("primary: schema, linked tables and roles are up to date")
    for server in SERVERS:
        if retired := archive_readers.retire_old(servers, server):
            on_progress(f"archive {server}: login {retired} of an earlier version reads no more")
    faults = [f"{store}: {line}" for store in STORES for line in old_rows.settle(store, all_tables=check_rows)]
    if faults:
        raise OldRows("\n".join(faults))


def _prepare(servers: Databases) -> None:
    """Connect to every server, and see that keys are there, before any server is changed."""
    for store in STORES:
        servers.engine(store, read_only=False).connect().close()
    archive_readers.check_keys(servers)
    for store in STORES:
        # Before anything else connects: a server waits until this is a database's only connection.
        servers.adapter.schema.prepare(servers.engine(store, read_only=False))


def _make_archive(servers: Databases, server: str) -> None:
    _upgrade(servers, Store(server), server)
    with servers.engine(Store(server), read_only=False).begin() as connection:
        servers.adapter.roles.grant_archived(connection, GRANTS)


def _make_primary(servers: Databases, *, rotate: bool) -> None:
    """The schema; then linked tables and roles in one transaction, which need the archives' schemas."""
    _upgrade(servers, Store.HOT, "primary")
    with servers.engine(Store.HOT, read_only=False).begin() as connection:
        _lock(servers, connection)
        for server in SERVERS:
            url = archive_readers.let_in(servers, connection, server, rotate=rotate)
            servers.adapter.links.link(connection, server, url, TAKING[server])
        for view, query in (found for views in GRANTS.views.values() for found in views):
            servers.adapter.links.make_view(connection, view, query)
        servers.adapter.roles.grant(connection, GRANTS)


def _upgrade(servers: Databases, store: Store, history: str) -> None:
    with servers.engine(store, read_only=False).begin() as connection:
        _lock(servers, connection)
        upgrade(connection, history)


def make_login(name: str, role: DatabaseRole) -> str:
    """Make a login of the primary for one kind of process; returns its new password."""
    servers, password = databases.current(), make_password()
    with servers.engine(Store.HOT, read_only=False).begin() as connection:
        servers.adapter.roles.make_login(connection, name, role, password)
        if role in GRANTS.sees_sessions:
            servers.adapter.roles.let_see_sessions(connection, name)
    return password


def make_archive_login(server: str, name: str, role: DatabaseRole, password: str) -> None:
    """Make a process' login of an archive server, or give it this password. Not on SQL Server: no role is there."""
    servers = databases.current()
    with servers.engine(Store(server), read_only=False).begin() as archive:
        servers.adapter.roles.make_login(archive, name, role, password)


def _lock(servers: Databases, connection: Connection) -> None:
    servers.adapter.limits.make_room(connection)
    if not servers.adapter.locks.try_lock(connection, LOCK):
        raise RuntimeError("another `strata init` is running: wait for it to end")
