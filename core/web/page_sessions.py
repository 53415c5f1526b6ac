"""Which database a page reads and writes, and what its account has seen (G3, G11)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, Response, current_app, g, request
from sqlalchemy.orm import Session

from core.stores import databases, redis
from core.stores.freshness import Positions, primary_position
from core.stores.outage import primary
from core.stores.page_reads import Reader, page_read
from core.web.auth import account_or_none
from core.web.portal import portal


def init_app(app: Flask) -> None:
    """Keep each account's position in a cookie too: Redis may be down when it writes, and back when it reads."""
    app.after_request(_keep_position)


@contextmanager
def page_session() -> Iterator[Session]:
    """A read-only session on the store that fits this page; `session.info["store"]` names it.

    Raises Busy, and SQLAlchemyError when neither the primary nor the replica answers.
    """
    account = account_or_none()
    reader = Reader(account.id if account is not None else None, _position_in_cookie() if account is not None else 0)
    with page_read(Positions(redis.client(), portal(current_app).name), reader) as session:
        g.may_be_behind = session.info["may_be_behind"]
        yield session
    if account is not None:
        g.position = session.info.get("position", g.get("position"))


@contextmanager
def write_session() -> Iterator[Session]:
    """One transaction on the primary, which the account's later pages are sure to see."""
    with databases.write() as session:
        yield session
    primary.answered()
    account = account_or_none()
    if account is not None:
        position = primary_position()
        Positions(redis.client(), portal(current_app).name).raise_to(account.id, position)
        g.position = position


def _cookie_name() -> str:
    return f"__Host-strata_{portal(current_app).name}_seen"


def _position_in_cookie() -> int:
    raw = request.cookies.get(_cookie_name(), "")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 20 else 0


def _keep_position(response: Response) -> Response:
    position = g.get("position")
    if position is not None and position != _position_in_cookie():
        response.set_cookie(_cookie_name(), str(position), secure=True, httponly=True, samesite="Lax", path="/")
    return response
