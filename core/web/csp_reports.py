"""Where browsers report what a page's content security policy refused. Anybody may send one, so little is believed.

Of a report the directive alone is kept, as a count, and in the log with the kind of what was refused.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Blueprint, Response, abort, current_app, make_response, request

from core.access.throttle import ONE_ADDRESS, Throttle, network
from core.models import utc_now
from core.stores import policy_violations, redis
from core.stores.policy_violations import DIRECTIVES, OTHER
from core.web.access import open_endpoint
from core.web.portal import CSP_REPORTS, portal

log = logging.getLogger(__name__)

BYTES_MAX, REPORTS_MAX = 16 * 1024, 20
OLDER, NEWER = "application/csp-report", "application/reports+json"
# What a report says was refused, where it is no address.
KINDS = frozenset({"inline", "eval", "wasm-eval", "data", "blob", "self"})

bp = Blueprint("csp_reports", __name__)


@bp.post(CSP_REPORTS)
@open_endpoint
def report() -> Response:
    """Count a browser's reports; 204. A sender with too many is told 429, and none of them counts."""
    if request.mimetype not in (OLDER, NEWER):
        abort(415)
    if (request.content_length or 0) > BYTES_MAX:
        abort(413)
    name = portal(current_app).name
    senders, address = Throttle(redis.client(), f"{name}:csp", ONE_ADDRESS), network(request.remote_addr or "")
    if senders.wait_seconds(address):
        abort(429)
    senders.failed(address)
    for directive, refused in _read(request.get_data(cache=False)):
        log.warning("a page of %s tried what its policy forbids: %s, %s", name, directive, refused)
        policy_violations.count(redis.client(), name, directive, utc_now())
    return make_response("", 204)


def _read(body: bytes) -> Iterator[tuple[str, str]]:
    """The directive and the kind of what was refused, for each report in a body. Aborts with 400 if it is none."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        abort(400)
    listed = said if isinstance(said, list) else [said]
    for one in listed[:REPORTS_MAX]:
        told = _told(one)
        if told is None:
            abort(400)
        refused = told.get("blockedURL", told.get("blocked-uri"))
        yield _directive(told), refused if isinstance(refused, str) and refused in KINDS else "an address"


def _directive(told: Mapping[str, Any]) -> str:
    """The directive that a report names, under the name of any version of the standard."""
    names = (told.get(key) for key in ("effectiveDirective", "effective-directive", "violated-directive"))
    directive = next((name.split(" ")[0] for name in names if isinstance(name, str)), OTHER)
    return directive if directive in DIRECTIVES else OTHER


def _told(one: Any) -> Mapping[str, Any] | None:
    """What one report says, in the older form or in the newer one."""
    found = one.get("csp-report", one.get("body")) if isinstance(one, dict) else None
    return found if isinstance(found, dict) else None
