"""Alembic's entry: one history for the primary, one for the archive servers, chosen by `store`."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, MetaData

from core.models import Base
from core.models.record_types import ARCHIVE_METADATA


def _metadata(store: str) -> MetaData:
    return Base.metadata if store == "primary" else ARCHIVE_METADATA[store]


def run(connection: Connection) -> None:
    """Migrate the store that the configuration names, on the connection it carries."""
    context.configure(
        connection=connection,
        target_metadata=_metadata(context.config.attributes["store"]),
        compare_type=True,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
