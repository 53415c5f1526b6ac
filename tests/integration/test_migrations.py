"""The migrations bring each server to exactly what the models say."""

from __future__ import annotations

from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from core.migrations.upgrade import configuration
from core.models import Base
from core.models.record_types import ARCHIVE_METADATA, SERVERS
from core.stores import databases
from core.stores.databases import Store


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("store", [Store.HOT, *map(Store, SERVERS)])
def test_migrations_equal_the_models(settings: Any, store: Store) -> None:
    metadata = Base.metadata if store is Store.HOT else ARCHIVE_METADATA[store]
    servers = databases.configure(settings)
    with servers.engine(store, read_only=True).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    ("store", "name", "before"), [(Store.HOT, "primary", "p0016"), (Store.REPORTS, "reports", "a0001")]
)
def test_hashes_that_are_kept_already_are_of_the_first_version(store: Store, name: str, before: str) -> None:
    batch = "" if store is Store.HOT else ", batch_id"
    old = (
        "INSERT INTO evidence (id, report_id, patient_id, ref, store, content_hash, fields{0})"
        " VALUES (1, 2, 3, 'visit:4', 'hot', 'x', '[]'{1})"
    )
    with databases.current().engine(store, read_only=False).connect() as connection:
        config = configuration(connection, name)
        command.downgrade(config, before)
        assert "hash_version" not in {column["name"] for column in inspect(connection).get_columns("evidence")}
        with databases.current().adapter.loading.keeping_ids(connection, Base.metadata.tables["evidence"]):
            connection.execute(text(old.format(batch, ", 5" if batch else "")))
        command.upgrade(config, "head")
        assert connection.execute(text("SELECT content_hash, hash_version FROM evidence")).all() == [("x", 1)]
        connection.rollback()
