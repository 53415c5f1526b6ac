"""A column that a table gets while the system is in use, for as long as a test needs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Column, Connection, String, Table

from core.install.setup import initialise
from core.models import Base
from core.models.hashed_columns import HASHED_COLUMNS, newest_version
from core.models.record_types import VISIT, archive_table
from core.stores import databases
from core.stores.databases import Store
from core.stores.tables import linked_table


@contextmanager
def declared(*tables: Table, column: str) -> Iterator[None]:
    """The tables have one more column of text, as this process knows them."""
    made = [(table, Column(column, String(40))) for table in tables]
    for table, added in made:
        table.append_column(added)
    try:
        yield
    finally:
        for table, added in made:
            table._columns.remove(added)


@contextmanager
def added(monkeypatch: Any, name: str, column: str, server_default: str | None = None) -> Iterator[None]:
    """A table of visits has one more column of text on every server, in a new version of its hashed columns.

    `server_default` is what the rows that are there already get on the primary.
    """
    hot = Base.metadata.tables[name]
    stores = (Store.HOT, Store(VISIT.server))
    newest = newest_version(name)
    with declared(hot, archive_table(hot), linked_table(name), column=column):
        versions = HASHED_COLUMNS[name]
        monkeypatch.setitem(HASHED_COLUMNS, name, {**versions, newest + 1: (*versions[newest], column)})
        for store in stores:
            default = server_default if store is Store.HOT else None
            _alter(store, lambda change, default=default: change.add_column(
                name, Column(column, String(40), server_default=default)
            ))  # fmt: skip
        _connect_anew()
        try:
            yield
        finally:
            for store in stores:
                _alter(store, lambda change: change.drop_column(name, column, mssql_drop_default=True))
    monkeypatch.setitem(HASHED_COLUMNS, name, versions)
    _connect_anew()


def _alter(store: Store, change: Any) -> None:
    with databases.current().engine(store, read_only=False).begin() as connection:
        change(operations(connection))


def operations(connection: Connection) -> Operations:
    """Alembic's operations on a connection."""
    return Operations(MigrationContext.configure(connection))


def _connect_anew() -> None:
    """Link the tables again, and forget the statements that were compiled for them as they were."""
    servers = databases.current()
    servers.dispose()
    initialise(servers.settings)
    databases.configure(servers.settings)
