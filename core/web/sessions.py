"""Flask's session, kept on the server by `core.access.sign_ins`; the cookie holds a random token and nothing else.

Somebody who has not signed in has no row: their few values (the form's token, a message) ride in a signed cookie.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from flask import Flask, Request, Response
from flask.sessions import SessionInterface, SessionMixin
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.datastructures import CallbackDict

from core.access.sign_in_copies import OpenSignIn
from core.access.sign_ins import SignIns, hash_of
from core.settings.config import Settings
from core.stores import redis
from core.stores.outage import UNREACHABLE
from core.web.portal import CSP_REPORTS

log = logging.getLogger(__name__)

ANONYMOUS = "anon."
POLLING = "X-Poll"
# Requests by these methods are no use of a page, so they do not keep a sign-in alive.
NO_USE = ("HEAD", "OPTIONS")
# Where a page asks how long its sign-in still lasts.
STATE = "/session"
NOT_NEEDED = ("/static/", "/healthz", "/readyz", CSP_REPORTS)


class PortalSession(CallbackDict[str, Any], SessionMixin):
    """Session data, and the sign-in it belongs to if there is one."""

    def __init__(self, data: dict[str, Any] | None = None, sign_in: OpenSignIn | None = None) -> None:
        def changed(session: PortalSession) -> None:
            session.modified = True

        super().__init__(data or {}, changed)
        self.sign_in = sign_in
        self.modified = False
        self.new_token: str | None = None
        self.left = False


class PortalSessions(SessionInterface):
    """Opens and saves sessions of one portal."""

    def __init__(self, settings: Settings, portal: str) -> None:
        self.settings = settings
        self.cookie = f"__Host-strata_{portal}"
        self.portal = portal
        self._serializer = URLSafeTimedSerializer(settings.secret_key, salt=f"strata-{portal}-anonymous")

    @property
    def sign_ins(self) -> SignIns:
        """This portal's sign-ins."""
        return SignIns(redis.client(), self.settings, self.portal)

    def open_session(self, app: Flask, request: Request) -> PortalSession:
        value = request.cookies.get(self.cookie, "")
        if not value or request.path.startswith(NOT_NEEDED):
            return PortalSession()
        if value.startswith(ANONYMOUS):
            return PortalSession(self._anonymous(value))
        asks = request.method == "GET" and request.path == STATE
        is_use = POLLING not in request.headers and request.method not in NO_USE and not asks
        found = self.sign_ins.find(value, is_use=is_use)
        return PortalSession(found.data, found) if found is not None else PortalSession()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if not isinstance(session, PortalSession):
            return
        if session.new_token is not None:
            self._set(response, session.new_token)
            token_hash = hash_of(session.new_token)
            self._store(session, lambda data: self.sign_ins.save_data(token_hash, data))
        elif session.sign_in is not None and not session.left:
            sign_in = session.sign_in
            self._store(session, lambda data: self.sign_ins.save(sign_in, data))
        elif session and session.modified:
            self._set(response, ANONYMOUS + self._serialized(session))
        elif session.left:
            response.delete_cookie(self.cookie, secure=True, httponly=True, samesite="Lax", path="/")
        if session.accessed:
            response.vary.add("Cookie")

    def _store(self, session: PortalSession, save: Callable[[dict[str, Any]], None]) -> None:
        if session.modified:
            try:
                save(dict(session))
            except UNREACHABLE as fault:
                log.warning("session data was not kept: %s", type(fault).__name__)

    def _anonymous(self, value: str) -> dict[str, Any]:
        try:
            max_age = int(self.settings.session_absolute.total_seconds())
            return dict(self._serializer.loads(value.removeprefix(ANONYMOUS), max_age=max_age))
        except (BadSignature, TypeError, ValueError):
            return {}

    def _serialized(self, session: PortalSession) -> str:
        return str(self._serializer.dumps(dict(session)))

    def _set(self, response: Response, value: str) -> None:
        response.set_cookie(self.cookie, value, secure=True, httponly=True, samesite="Lax", path="/")
