"""Headers, host names, request ids and forged forms: what every request passes before its route."""

from __future__ import annotations

import secrets

from flask import Flask, Response, abort, g, request
from flask_wtf import CSRFProtect

from core import audit
from core.settings.config import Settings
from core.web import csp_reports
from core.web.portal import CSP_REPORTS, Portal

ANY_HOST = ("/healthz", "/readyz")
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        # The older way of browsers, and the newer one.
        f"report-uri {CSP_REPORTS}; report-to csp"
    ),
    "Reporting-Endpoints": f'csp="{CSP_REPORTS}"',
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HSTS = "max-age=31536000; includeSubDomains"


def guard_requests(app: Flask, portal: Portal) -> None:
    """Name each request and refuse other host names. Register first."""

    @app.before_request
    def _begin() -> None:
        g.request_id = secrets.token_hex(8)
        audit.origin.set(audit.Origin(portal.name, request.remote_addr, g.request_id))
        if request.path not in ANY_HOST and request.host.rsplit(":", 1)[0].lower() != portal.host.lower():
            abort(400, f"This portal answers at {portal.host} only.")


def protect_forms(app: Flask) -> None:
    """Refuse every non-GET without the form's token. Register after access: a signed-out form asks to sign in."""
    # The token is bound to the sign-in, which has limits of its own.
    app.config["WTF_CSRF_TIME_LIMIT"] = None
    # A browser sends its reports without a form's token, and they change nothing but counts.
    CSRFProtect(app).exempt(csp_reports.bp)


def add_headers(app: Flask, settings: Settings) -> None:
    """Security headers on every reply; nothing but static files is ever stored by a browser or proxy."""

    @app.after_request
    def _headers(response: Response) -> Response:
        response.headers.update(HEADERS)
        if g.get("holds_foreign_file"):
            response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
        response.headers["X-Request-Id"] = g.get("request_id", "")
        if not settings.plain_http:
            response.headers["Strict-Transport-Security"] = HSTS
        if request.endpoint != "static" or response.status_code >= 400:
            response.headers["Cache-Control"] = "no-store"
        return response
