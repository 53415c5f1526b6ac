"""`gunicorn "wsgi:public()"` and `gunicorn "wsgi:staff()"`: the two portals, each with its own settings."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from core.settings import config
from core.stores import databases


def public() -> Flask:
    """The patient portal. Raises ConfigError naming every faulty setting."""
    with _without_collections():
        from public_app import create_app

        settings = config.load()
        databases.configure(settings)
        return create_app(settings)


def staff() -> Flask:
    """The staff portal. Raises ConfigError naming every faulty setting."""
    with _without_collections():
        from staff_app import create_app

        settings = config.load()
        databases.configure(settings)
        return create_app(settings)


@contextmanager
def _without_collections() -> Iterator[None]:
    """What a start makes stays: to look for garbage in it takes half of the time of the start, now and later."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
