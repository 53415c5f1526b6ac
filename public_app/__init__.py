"""The patient portal."""

from __future__ import annotations

from flask import Flask, redirect, url_for
from werkzeug.wrappers import Response

from core.config import Settings
from core.models import Role
from core.web.access import open_endpoint
from core.web.app import make_app
from core.web.portal import Portal


def create_app(settings: Settings) -> Flask:
    """The app that patients use; the process's databases must be configured."""
    portal = Portal(
        name="public",
        title="Strata",
        host=settings.public_host,
        roles=frozenset({Role.PATIENT}),
        home="home",
        navigation=(),
    )
    app = make_app(portal, settings)
    app.add_url_rule("/", "home", home)
    return app


@open_endpoint
def home() -> Response:
    """There is no front page: visits come first."""
    return redirect(url_for("auth.sign_in"), 303)
