"""`strata init`: schema on every server, roles, linked tables. Repeatable."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, text

from core import db
from core.config import Settings
from core.db import Databases, Store
from core.migrations.run import upgrade
from core.models.record_types import ARCHIVE_METADATA, SERVERS

LOCK = "strata init"


def initialise(settings: Settings, on_progress: Callable[[str], None] = lambda line: None) -> None:
    """Bring every server up to date. Raises SQLAlchemyError when a server can't be reached or refuses."""
    databases = db.configure(settings)
    for server in SERVERS:
        with databases.engine(Store(server), read_only=False).begin() as connection:
            _lock(databases, connection)
            upgrade(connection, server)
        on_progress(f"archive {server}: schema is up to date")
    with databases.engine(Store.HOT, read_only=False).begin() as connection:
        _lock(databases, connection)
        upgrade(connection, "primary")
        for server in SERVERS:
            tables = list(ARCHIVE_METADATA[server].tables.values())
            databases.adapter.link(connection, server, settings.archive_url(server), tables)
    on_progress("primary: schema and linked tables are up to date")


def _lock(databases: Databases, connection: Connection) -> None:
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    if not databases.adapter.try_lock(connection, LOCK):
        raise RuntimeError("another `strata init` is running: wait for it to end")
