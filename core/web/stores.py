"""Which database a page reads and writes, and what its account has seen (G3, G11)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from flask import Flask, Response, current_app, g, request
from sqlalchemy.orm import Session

from core import cache, db, freshness
from core.db import Store
from core.freshness import Positions
from core.outage import UNREACHABLE, PrimarySilent, primary
from core.routing import Decision, ReadKind, choose
from core.web.auth import account_or_none
from core.web.portal import portal

log = logging.getLogger(__name__)

HOT_PAGE_SECONDS = 3.0


def init_app(app: Flask) -> None:
    """Keep each account's position in a cookie too: Redis may be down when it writes, and back when it reads."""
    app.after_request(_keep_position)


@contextmanager
def page_session() -> Iterator[Session]:
    """A read-only session on the store that fits this page; `session.info["store"]` names it.

    Raises SQLAlchemyError when neither the primary nor the replica answers.
    """
    with ExitStack() as stack:
        session = _first_answering(stack, _decide())
        yield session
        if session.info["store"] is Store.HOT:
            _seen(db.databases().adapter.write_position(session.connection()))


@contextmanager
def write_session() -> Iterator[Session]:
    """One transaction on the primary, which the account's later pages are sure to see."""
    with db.write() as session:
        yield session
    primary.answered()
    _seen(session.info["position"])


def _decide() -> Decision:
    return choose(
        ReadKind.PAGE,
        needs=_needed(),
        replica=freshness.watch.state(),
        lag_bound_seconds=db.databases().settings.replica_lag_bound_seconds,
    )


def _first_answering(stack: ExitStack, decision: Decision) -> Session:
    """Connect to the store decided on, or to the other if that one is silent."""
    other = Store.REPLICA if decision.store is Store.HOT else Store.HOT
    for store in (decision.store, other):
        try:
            session = _connect(stack, store)
        except UNREACHABLE as fault:
            log.warning("%s does not answer: %s", store, type(fault).__name__)
            silent = fault
            continue
        g.may_be_behind = store is Store.REPLICA and decision.store is Store.HOT
        return session
    raise silent


def _connect(stack: ExitStack, store: Store) -> Session:
    hot = store is Store.HOT
    if hot and primary.refuses():
        raise PrimarySilent("the primary failed a moment ago")
    with ExitStack() as attempt:
        try:
            session = attempt.enter_context(db.read(store, HOT_PAGE_SECONDS if hot else None))
            session.connection()
        except UNREACHABLE:
            if hot:
                primary.failed()
            raise
        stack.push(attempt.pop_all())
    if hot:
        primary.answered()
    session.info["store"] = store
    return session


def _needed() -> int | None:
    account = account_or_none()
    if account is None:
        return 0
    known = Positions(cache.client()).needed(account.id)
    return None if known is None else max(known, _position_in_cookie())


def _seen(position: int) -> None:
    account = account_or_none()
    if account is not None:
        Positions(cache.client()).raise_to(account.id, position)
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
