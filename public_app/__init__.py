"""The patient portal."""

from __future__ import annotations

from flask import Flask, redirect, url_for
from werkzeug.wrappers import Response

from core.access.permissions import Right
from core.models import Role
from core.settings.config import Settings
from core.web.access import requires
from core.web.app import make_app
from core.web.portal import NavItem, Portal
from public_app import downloads, history, privacy, record, reports, results, visits

BLUEPRINTS = (history.bp, visits.bp, results.bp, reports.bp, record.bp, downloads.bp, privacy.bp)
NAVIGATION = (
    NavItem("history.index", "History", Right.OWN_RECORD_READ),
    NavItem("results.index", "Results", Right.OWN_RECORD_READ),
    NavItem("record.show", "Record", Right.OWN_RECORD_READ),
    NavItem("privacy.index", "Who looked", Right.OWN_RECORD_READ),
)


def create_app(settings: Settings) -> Flask:
    """The app that patients use; the process's databases must be configured."""
    portal = Portal(
        name="public",
        title="Strata",
        host=settings.public_host,
        roles=frozenset({Role.PATIENT}),
        home="history.index",
        navigation=NAVIGATION,
    )
    app = make_app(portal, settings)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.add_url_rule("/", "home", home)
    return app


@requires(Right.OWN_RECORD_READ)
def home() -> Response:
    """There is no front page: what is new comes first, then the history."""
    return redirect(url_for("history.index"), 303)
