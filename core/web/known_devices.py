"""Browsers in which an account has signed in before, by a cookie (OWASP's device cookies).

A stranger who guesses an account's password everywhere slows all browsers that the account does not know; its own
browsers go on. The cookie opens nothing: it names a browser, and marks of the accounts that have signed in there.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass

from flask import Flask, Response, current_app, g, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from core.web.portal import portal

DEVICE_DAYS = 180
MARK_CHARS = 16
# A workstation that many people share knows the last ones.
MARKS_MAX = 12
NEW = "strata_new_device"


@dataclass(frozen=True)
class Device:
    """One browser: its random name, and the marks of accounts that have signed in there, the last one first."""

    name: str
    marks: tuple[str, ...]


def init_app(app: Flask) -> None:
    """Send the cookie with the reply to each sign-in."""
    app.after_request(_send)


def device_of(username: str) -> str | None:
    """The name of the browser that made this request, if the account has signed in there; else None."""
    device = _sent()
    return device.name if device is not None and _mark(username) in device.marks else None


def remember(username: str) -> None:
    """Note that this account has now signed in in this browser."""
    known, mark = _sent() or Device(secrets.token_urlsafe(16), ()), _mark(username)
    others = tuple(other for other in known.marks if other != mark)
    setattr(g, NEW, Device(known.name, (mark, *others)[:MARKS_MAX]))


def _sent() -> Device | None:
    try:
        value = _serializer().loads(request.cookies.get(_cookie(), ""), max_age=DEVICE_DAYS * 24 * 3600)
        return Device(str(value["name"]), tuple(map(str, value["marks"])))
    except (BadSignature, TypeError, ValueError, KeyError):
        return None


def _send(response: Response) -> Response:
    device: Device | None = g.get(NEW)
    if device is not None:
        value = str(_serializer().dumps({"name": device.name, "marks": list(device.marks)}))
        response.set_cookie(
            _cookie(), value, max_age=DEVICE_DAYS * 24 * 3600, secure=True, httponly=True, samesite="Lax", path="/"
        )
    return response


def _mark(username: str) -> str:
    named = username.strip().casefold().encode()
    return hmac.digest(_key(), b"device " + named, "sha256").hex()[:MARK_CHARS]


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(_key(), salt=f"strata-{portal(current_app).name}-device")


def _key() -> bytes:
    return str(current_app.secret_key).encode()


def _cookie() -> str:
    return f"__Host-strata_{portal(current_app).name}_device"
