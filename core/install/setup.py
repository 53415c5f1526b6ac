"""`strata init`: schema on every server, roles, linked tables. Repeatable."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from sqlalchemy import Connection, make_url

from core.install.database_roles import DatabaseRole
from core.install.grants import GRANTS
from core.migrations.upgrade import upgrade
from core.models.record_types import ARCHIVE_METADATA, SERVERS
from core.settings.config import Settings
from core.stores import databases
from core.stores.databases import Databases, Store

LOCK = "strata init"
READER = "strata_reader_{server}"


def initialise(settings: Settings, on_progress: Callable[[str], None] = lambda line: None) -> None:
    """Bring every server up to date. Raises SQLAlchemyError if a server can't be reached or refuses.

    Connects to every server before it changes any.
    """
    servers = databases.configure(settings)
    for store in (Store.HOT, *map(Store, SERVERS)):
        servers.engine(store, read_only=False).connect().close()
    links = {server: _archive(servers, server, on_progress) for server in SERVERS}
    primary = servers.engine(Store.HOT, read_only=False)
    servers.adapter.schema.prepare(primary)
    with primary.begin() as connection:
        _lock(servers, connection)
        upgrade(connection, "primary")
        for server, url in links.items():
            tables = list(ARCHIVE_METADATA[server].tables.values())
            servers.adapter.links.link(connection, server, url, tables)
        for view, query in (found for views in GRANTS.views.values() for found in views):
            servers.adapter.links.make_view(connection, view, query)
        servers.adapter.roles.grant(connection, GRANTS)
    on_progress("primary: schema, linked tables and roles are up to date")


def _archive(servers: Databases, server: str, on_progress: Callable[[str], None]) -> str:
    """Bring one archive's schema and its reader's login up to date; returns the address with that login."""
    name = READER.format(server=server)
    with servers.engine(Store.HOT, read_only=True).connect() as primary:
        password = servers.adapter.links.password_of(primary, server, name)
    archive = servers.engine(Store(server), read_only=False)
    servers.adapter.schema.prepare(archive)
    with archive.begin() as connection:
        _lock(servers, connection)
        upgrade(connection, server)
        # Keep a password that is in use: a new one would turn away whoever reads at this moment.
        if password is None or not servers.adapter.roles.let_read(connection, name):
            password = servers.adapter.roles.make_reader(connection, name)
    on_progress(f"archive {server}: schema is up to date")
    return as_login(servers.settings.archive_url(server), name, password)


def make_login(name: str, role: DatabaseRole) -> str:
    """Make a login of the primary for one kind of process; returns its new password of 192 bits."""
    servers, password = databases.current(), secrets.token_hex(24)
    with servers.engine(Store.HOT, read_only=False).begin() as connection:
        servers.adapter.roles.make_login(connection, name, role, password)
    return password


def reader_url(server: str) -> str:
    """An archive's address with the login that only reads. Raises RuntimeError if `strata init` never ran."""
    servers, name = databases.current(), READER.format(server=server)
    with servers.engine(Store.HOT, read_only=True).connect() as primary:
        password = servers.adapter.links.password_of(primary, server, name)
    if password is None:
        raise RuntimeError(f"archive {server} has no login that only reads: run `strata init`")
    return as_login(servers.settings.archive_url(server), name, password)


def as_login(url: str, name: str, password: str) -> str:
    """A database's address with another login."""
    return make_url(url).set(username=name, password=password).render_as_string(hide_password=False)


def _lock(servers: Databases, connection: Connection) -> None:
    servers.adapter.limits.make_room(connection)
    if not servers.adapter.locks.try_lock(connection, LOCK):
        raise RuntimeError("another `strata init` is running: wait for it to end")
