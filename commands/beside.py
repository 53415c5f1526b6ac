"""Pointing this process at the servers that are named, else at a demo that runs beside it."""

from __future__ import annotations

from commands.demo import discover
from core.settings import config
from core.stores import databases


def configure() -> config.Settings:
    """Raises ConfigError when neither is there."""
    settings = config.load(config.environ_with_defaults(discover() or {}))
    databases.configure(settings)
    return settings
