"""Jobs that evaluate the alert rules, and tell a webhook what fired or cleared."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import urllib.error
import urllib.request
from typing import Any

from core.jobs import outbox
from core.queries import alerts
from core.queries.alerts import AlertView
from core.services import alerting
from core.stores import databases
from core.stores.databases import Store

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 10.0
SIGNATURE, DELIVERY = "X-Strata-Signature", "X-Strata-Delivery"


def evaluate() -> str:
    """Look at every rule; keep and send what changed."""
    looked = alerting.look()
    with databases.write() as session:
        said = alerting.note(session, looked)
    for line in said:
        log.warning("alert %s", line)
    return "; ".join(said) or "nothing changed"


def deliver(alert_id: int, event: str) -> str:
    """Send one alert's event. It is sent again until it is taken; the delivery header tells a repeated one.

    Raises NotNow while the webhook does not take it.
    """
    settings = databases.current().settings
    if not settings.alert_webhook_url:
        return "no webhook is set"
    with databases.read(Store.HOT) as session:
        alert = alerts.one(session, alert_id)
    if alert is None:
        return f"there is no alert {alert_id}"
    body = json.dumps(message(alert, event)).encode()
    headers = {"Content-Type": "application/json", DELIVERY: f"{alert_id}-{event}"}
    if settings.alert_webhook_secret:
        headers[SIGNATURE] = signature(body, settings.alert_webhook_secret)
    request = urllib.request.Request(settings.alert_webhook_url, body, headers)  # noqa: S310 - checked when set
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):  # noqa: S310  # nosec B310
            return f"{event}: {alert.rule} sent"
    except (urllib.error.URLError, OSError) as fault:
        raise outbox.NotNow(f"the webhook did not take it ({type(fault).__name__})") from None


def message(alert: AlertView, event: str) -> dict[str, Any]:
    """What is sent; no patient's data."""
    rule = alerting.rule_of(alert.rule)
    return {
        "event": event,
        "alert": alert.as_json(),
        "says": rule.says if rule else alert.rule,
        "unit": rule.unit if rule else "",
        "runbook": f"docs/runbooks/{rule.runbook}" if rule else None,
    }


def signature(body: bytes, secret: str) -> str:
    """`sha256=` and the HMAC of a body, by which its receiver knows who sent it."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"
