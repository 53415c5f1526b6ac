"""/healthz: alive. /readyz: can serve pages. Anybody may ask, so neither names a server: /operations does."""

from __future__ import annotations

from flask import Blueprint, Response, make_response

from core.stores import replica_watch
from core.web.access import open_endpoint

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@open_endpoint
def healthz() -> Response:
    return _said("ok", 200)


@bp.get("/readyz")
@open_endpoint
def readyz() -> Response:
    """A page needs the primary or the replica; both are asked by a probe, which makes nobody wait twice."""
    ready = any(probe.latest() is not None for probe in (replica_watch.primary_probe, replica_watch.replica_probe))
    return _said("ok", 200) if ready else _said("not ok", 503)


def _said(words: str, status: int) -> Response:
    return make_response(f"{words}\n", status, {"Content-Type": "text/plain; charset=utf-8"})
