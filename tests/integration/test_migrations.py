"""The migrations bring each server to exactly what the models say."""

from __future__ import annotations

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

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
