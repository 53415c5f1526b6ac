"""`gunicorn "wsgi:public()"` and `gunicorn "wsgi:staff()"`: the two portals, each with its own settings."""

from __future__ import annotations

from flask import Flask

from commands.start_up import without_collections
from core.settings import config
from core.stores import databases


def public() -> Flask:
    """The patient portal. Raises ConfigError naming every faulty setting."""
    with without_collections():
        from public_app import create_app

        settings = config.load()
        databases.configure(settings)
        return create_app(settings)


def staff() -> Flask:
    """The staff portal. Raises ConfigError naming every faulty setting."""
    with without_collections():
        from staff_app import create_app

        settings = config.load()
        databases.configure(settings)
        return create_app(settings)
