"""Pointing this process at the servers that are named, else at a demo that runs beside it."""

from __future__ import annotations

from commands.demo import discover
from core import config, db


def configure() -> config.Settings:
    """Raises ConfigError when neither is there."""
    settings = config.load(config.environ_with_defaults(discover() or {}))
    db.configure(settings)
    return settings
