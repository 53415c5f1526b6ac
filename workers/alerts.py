"""Jobs that evaluate the alert rules, and tell a webhook what fired or cleared."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from typing import Any

import httpx

from core.jobs import outbox
from core.queries import alerts
from core.queries.alerts import AlertView
from core.services import alerting
from core.stores import databases
from core.stores.databases import Store

log = logging.getLogger(__name__)
# It logs each address that it asks, and a webhook's may have a secret in it.
logging.getLogger("httpx").setLevel(logging.WARNING)

TIMEOUT_SECONDS = 10.0
SIGNATURE, DELIVERY = "X-Strata-Signature", "X-Strata-Delivery"


def evaluate() -> str:
    """Look at every rule; keep and send what changed."""
    looked = alerting.look()
    with databases.write() as session:
        said = alerting.note(session, looked)
        alerting.mark_evaluated(session)
    for line in said:
        log.warning("alert %s", line)
    return "; ".join(said) or "nothing changed"


def deliver(alert_id: int, event: str) -> str:
    """Send one alert's event. The outbox repeats it until the webhook takes it, with the same delivery header.

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
    try:
        # A redirect would be followed without the body.
        answer = httpx.post(
            settings.alert_webhook_url, content=body, headers=headers, timeout=TIMEOUT_SECONDS, follow_redirects=False
        )
    except httpx.HTTPError as fault:
        raise outbox.NotNow(f"the webhook did not take it ({type(fault).__name__})") from None
    if not answer.is_success:
        raise outbox.NotNow("the webhook did not take it (HTTPError)")
    return f"{event}: {alert.rule} sent"


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
