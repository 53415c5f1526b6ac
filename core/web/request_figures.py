"""Counts each answer of a portal, and how long it took, under the name of its route."""

from __future__ import annotations

import time

from flask import Flask, Response, g, request

from core.metrics import counters
from core.web.portal import Portal


def init_app(app: Flask, portal: Portal) -> None:
    """Register first: what follows is then within the time."""

    @app.before_request
    def _begin() -> None:
        g.began = time.monotonic()

    @app.after_request
    def _count(response: Response) -> Response:
        seconds = time.monotonic() - g.get("began", time.monotonic())
        counters.request(portal.name, request.endpoint, request.method, response.status_code, seconds)
        return response
