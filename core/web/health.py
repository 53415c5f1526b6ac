"""/healthz: alive. /readyz: can serve pages, with each dependency's state."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import Blueprint, Response, jsonify, make_response
from redis import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from core.models.record_types import SERVERS
from core.stores import databases, redis
from core.stores.databases import Store
from core.web.access import open_endpoint

bp = Blueprint("health", __name__)

REMEMBER_SECONDS = 1.0
PROBE_SECONDS = 2.0


@bp.get("/healthz")
@open_endpoint
def healthz() -> Response:
    return make_response("ok\n", 200, {"Content-Type": "text/plain"})


@bp.get("/readyz")
@open_endpoint
def readyz() -> Response:
    states = _watch.states()
    ready = states["primary"]["up"] or states["replica"]["up"]
    response: Response = jsonify({"ready": ready, "dependencies": states})
    response.status_code = 200 if ready else 503
    return response


class _Watch:
    """Looks at every dependency at once, no more often than every REMEMBER_SECONDS."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._states: dict[str, dict[str, Any]] = {}
        self._looked_at = float("-inf")

    def states(self) -> dict[str, dict[str, Any]]:
        with self._lock:
            if time.monotonic() - self._looked_at >= REMEMBER_SECONDS:
                self._states = _look_at_all()
                self._looked_at = time.monotonic()
            return self._states


_watch = _Watch()


def _look_at_all() -> dict[str, dict[str, Any]]:
    probes: dict[str, Callable[[], None]] = {
        "primary": lambda: _ask(Store.HOT),
        "replica": lambda: _ask(Store.REPLICA),
        "redis": _ask_redis,
        **{f"archive_{server}": _asker(Store(server)) for server in SERVERS},
    }
    with ThreadPoolExecutor(len(probes)) as pool:
        return dict(zip(probes, pool.map(_timed, probes.values()), strict=True))


def _asker(store: Store) -> Callable[[], None]:
    return lambda: _ask(store)


def _timed(probe: Callable[[], None]) -> dict[str, Any]:
    started = time.monotonic()
    try:
        probe()
    except (SQLAlchemyError, RedisError) as fault:
        return {"up": False, "cause": type(fault).__name__}
    return {"up": True, "milliseconds": round((time.monotonic() - started) * 1000, 1)}


def _ask(store: Store) -> None:
    with databases.read(store, PROBE_SECONDS) as session:
        session.execute(text("SELECT 1"))


def _ask_redis() -> None:
    redis.client().ping()
