"""Bring a server's schema up to date."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

HERE = Path(__file__).parent


def configuration(connection: Connection, store: str) -> Config:
    """Alembic's configuration for `store`: primary, logs, visits or reports."""
    config = Config()
    config.set_main_option("script_location", str(HERE))
    history = "primary" if store == "primary" else "archive"
    config.set_main_option("version_locations", str(HERE / "versions" / history))
    config.set_main_option("path_separator", "os")
    config.attributes.update(connection=connection, store=store)
    return config


def upgrade(connection: Connection, store: str) -> None:
    """Run each migration that this server lacks, in the connection's transaction."""
    command.upgrade(configuration(connection, store), "head")
