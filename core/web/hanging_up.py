"""A stranger's too large form is answered before the portal looks at it, and hung up on.

Otherwise the server reads the rest of the form after its answer, to keep the connection, and a thread waits for a slow
sender. Whoever is signed in may have pasted a long text: that form is read to its end, so that a page answers it.

gunicorn calls `pre_request` by the hook of that name in core/web/gunicorn_hooks.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from core.settings.config import Settings
from core.web.request_bounds import FORM_BYTES_MAX
from core.web.security import HEADERS, HSTS

SIGNED_IN = "__Host-strata_"
SAID = b"What was sent is too large.\n"
Server = Callable[..., Iterable[bytes]]


def is_too_much(length: str, cookies: str) -> bool:
    """Whether a request with this Content-Length and these cookies is a stranger's, and more than a form holds."""
    said = length.isascii() and length.isdigit() and int(length[:20]) > FORM_BYTES_MAX
    return said and SIGNED_IN not in cookies


def pre_request(_worker: Any, request: Any) -> None:
    """Have the server close the connection; `request` is its own, with headers in capitals."""
    said = dict(request.headers)
    if is_too_much(said.get("CONTENT-LENGTH", ""), said.get("COOKIE", "")):
        request.force_close()


class AtOnce:
    """Answers such a request before the app makes a page of it."""

    def __init__(self, app: Server, settings: Settings) -> None:
        self._app = app
        sent = {
            **HEADERS,
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Length": str(len(SAID)),
            "Cache-Control": "no-store",
        }
        self._headers = [*sent.items(), *([] if settings.plain_http else [("Strict-Transport-Security", HSTS)])]

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if is_too_much(environ.get("CONTENT_LENGTH", ""), environ.get("HTTP_COOKIE", "")):
            start_response("413 Content Too Large", self._headers)
            return [SAID]
        return self._app(environ, start_response)
