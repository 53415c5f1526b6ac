"""The factory that both portals share."""

from __future__ import annotations

import hashlib
import logging
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, request, url_for
from htmx_flask import Htmx
from jinja2 import FileSystemLoader, PrefixLoader, StrictUndefined
from werkzeug.routing import IntegerConverter, Map

from core.access import permissions
from core.jobs.safe_traceback import frames
from core.settings.config import ConfigError, Settings
from core.web import (
    access,
    auth,
    confirm,
    csp_reports,
    error_pages,
    factor,
    filters,
    guessing,
    hanging_up,
    health,
    known_devices,
    own_account,
    own_second_factor,
    page_sessions,
    passkeys,
    proxies,
    request_bounds,
    request_figures,
    second_factor,
    security,
    set_up_code,
    sign_in,
    time_out,
)
from core.web.drawings import number_lines
from core.web.portal import EXTENSION, NavItem, Portal
from core.web.sessions import PortalSessions

log = logging.getLogger(__name__)

ROOT = Path(__file__).parents[2]
STATIC_SECONDS = 365 * 24 * 3600


class PortalApp(Flask):
    """A Flask app whose log of a fault quotes nothing from the request or the record."""

    def log_exception(self, exc_info: Any) -> None:
        log.error("request %s failed: %s", g.get("request_id"), frames(exc_info[1]))


class RowId(IntegerConverter):
    """A row's id in an address, as in `<id:visit_id>`; a number that can't be an id answers 404."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, min=1, max=2**63 - 1)


def make_app(portal: Portal, settings: Settings) -> Flask:
    """A portal without its own pages: register their blueprints on it.

    Its templates are named `<portal>/...` and `shared/...`; no other portal's can be rendered.
    Raises ConfigError without a secret key, or a key that seals values.
    """
    if len(settings.secret_key) < 32:
        raise ConfigError("STRATA_SECRET_KEY must be at least 32 characters, its own for each portal")
    if not settings.field_keys:
        raise ConfigError(
            "STRATA_FIELD_KEYS must hold the key of national ids and of authenticator apps: make one with "
            "`openssl rand -base64 32`"
        )
    app = PortalApp(portal.name, static_folder=str(ROOT / "static"), static_url_path="/static")
    app.secret_key = settings.secret_key
    app.extensions[EXTENSION] = portal
    app.url_map.converters["id"] = RowId
    app.session_interface = PortalSessions(settings, portal.name)
    _set_up_templates(app, portal, settings)
    _register(app, portal, settings)
    return app


def _set_up_templates(app: Flask, portal: Portal, settings: Settings) -> None:
    folders = {name: FileSystemLoader(ROOT / "templates" / name) for name in (portal.name, "shared")}
    app.jinja_loader = PrefixLoader(folders)
    app.jinja_options = {
        "undefined": StrictUndefined, "autoescape": True, "trim_blocks": True, "lstrip_blocks": True,
    }  # fmt: skip
    app.jinja_env.globals.update(
        asset=asset, number_line=number_lines.number_line, position=number_lines.position, usual=filters.usual
    )
    filters.init_app(app, settings.time_zone)
    app.context_processor(lambda: _context(portal))


def _register(app: Flask, portal: Portal, settings: Settings) -> None:
    Htmx(app)
    request_figures.init_app(app, portal)
    security.guard_requests(app, portal)
    request_bounds.init_app(app)
    auth.init_app(app)
    access.init_app(app)
    security.protect_forms(app)
    confirm.init_app(app)
    page_sessions.init_app(app)
    error_pages.init_app(app)
    app.register_blueprint(health.bp)
    app.register_blueprint(csp_reports.bp)
    # Several modules put their routes on one blueprint.
    modules = (sign_in, second_factor, set_up_code, own_account, factor, own_second_factor, passkeys, time_out)
    for blueprint in dict.fromkeys(module.bp for module in modules):
        app.register_blueprint(blueprint)
    app.after_request(_cache_static)
    security.add_headers(app, settings)
    known_devices.init_app(app)
    guessing.init_app(app)
    proxies.init_app(app, settings.trusted_proxies)
    app.wsgi_app = hanging_up.AtOnce(app.wsgi_app, settings)  # type: ignore[method-assign]
    access.open_endpoint(app.view_functions["static"])


def _context(portal: Portal) -> dict[str, Any]:
    account = auth.account_or_none()
    return {
        "portal": portal,
        "is_here": is_here,
        "account": account,
        "time_out": time_out.state,
        "passkey_options": passkeys.sign_in_options,
        "navigation": [item for item in portal.navigation if permissions.can(account, item.right)],
        "here": request.endpoint or "",
        "may_be_behind": bool(g.get("may_be_behind")),
    }


def is_here(item: NavItem, endpoint: str) -> bool:
    """Whether a link in the bar leads to the part of the portal that is open."""
    return item.endpoint.rsplit(".", 1)[0] == endpoint.rsplit(".", 1)[0]


def asset(name: str) -> str:
    """A static file's address, which changes with its content so that it can be kept for a year."""
    return url_for("static", filename=name, v=_digest(name))


@cache
def _digest(name: str) -> str:
    return hashlib.sha256((ROOT / "static" / name).read_bytes()).hexdigest()[:12]


def _cache_static(response: Response) -> Response:
    if request.endpoint == "static" and response.status_code < 400:
        known = "v" in request.args
        response.headers["Cache-Control"] = f"public, max-age={STATIC_SECONDS}, immutable" if known else "no-cache"
    return response
