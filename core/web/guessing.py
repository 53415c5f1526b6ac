"""Turn away an address that guesses passwords or codes, before the portal does any work for it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache as remembered
from typing import TYPE_CHECKING

from flask import Flask, Response, current_app, request

from core.access.throttle import ONE_ADDRESS, Throttle, network
from core.stores import redis
from core.web.error_pages import Words, answer
from core.web.portal import portal

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

GUESSES = ("/sign-in", "/sign-in/code", "/sign-in/passkey", "/sign-in/set-up-code")


def init_app(app: Flask) -> None:
    """Turn guesses away in front of everything else that the app does."""
    serve = app.wsgi_app

    kind = _kind(app)

    @remembered
    def page(seconds: int) -> Response:
        """Build the reply once, outside any session, with the headers of every other reply."""
        with app.test_request_context():
            waiting = "a second" if seconds == 1 else f"{seconds} seconds"
            words = Words("Too many tries from your network", f"Wait {waiting}, then try again.")
            made = app.process_response(answer(429, words))
        del made.headers["X-Request-Id"]
        made.headers["Retry-After"] = str(seconds)
        return made

    def turn_away(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "POST" and environ.get("PATH_INFO") in GUESSES:
            seconds = Throttle(redis.client(), kind, ONE_ADDRESS).wait_seconds(network(environ.get("REMOTE_ADDR", "")))
            if seconds:
                made = page(seconds)
                return Response(made.get_data(), 429, made.headers)(environ, start_response)
        return serve(environ, start_response)

    app.wsgi_app = turn_away  # type: ignore[method-assign]


def failed() -> None:
    """Count a wrong password or code against the address it came from. A right one clears no count."""
    Throttle(redis.client(), _kind(current_app), ONE_ADDRESS).failed(network(request.remote_addr or ""))


def _kind(app: Flask) -> str:
    return f"{portal(app).name}:address"
