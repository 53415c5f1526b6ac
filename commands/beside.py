"""Connects this process to the servers that the settings name, or else to a demo that runs beside it."""

from __future__ import annotations

from commands.demo.demo_files import discover
from core.settings import config
from core.stores import databases


def configure() -> config.Settings:
    """Configure this process's databases. Raises ConfigError if there are neither settings nor a demo."""
    settings = config.load(config.environ_with_defaults(discover() or {}))
    databases.configure(settings)
    return settings
