"""Pages that are whole without JavaScript, and fragments of them when htmx asks."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, redirect, render_template
from htmx_flask import request
from werkzeug.urls import iri_to_uri


def wants_fragment() -> bool:
    """Whether htmx asks for a part of the page, and not to restore the whole of it."""
    return bool(request.htmx) and not request.htmx.history_restore_request and not request.htmx.boosted


def render(page: str, *, fragment: str | None = None, status: int = 200, **context: Any) -> Response:
    """The page, or only its fragment when htmx asks for it."""
    name = fragment if fragment is not None and wants_fragment() else page
    response = make_response(render_template(name, **context), status)
    if fragment is not None:
        response.vary.add("HX-Request")
    return response


def htmx_redirect(to: str) -> Response:
    """Go to another page, whether htmx asks or a form."""
    response = make_response("", 204) if wants_fragment() else make_response(redirect(to, 303))
    if wants_fragment():
        # A header holds no other letters than an address does.
        response.headers["HX-Redirect"] = iri_to_uri(to)
    response.vary.add("HX-Request")
    return response
