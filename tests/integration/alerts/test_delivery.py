"""An alert is kept once, sent to the webhook until it is taken, signed, and cleared when all is well again."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from commands.alerts import group
from core.jobs import outbox
from core.models import Alert, OutboxMessage, utc_now
from core.queries.alert_measures import Measured
from core.services import alerting
from core.services.alerting import Looked
from core.settings.config import Settings
from core.stores import databases
from core.stores.databases import Store
from workers import alerts, run

SECRET = "a secret of the webhook"
RULE = alerting.RULES[0]


class Webhook:
    """A receiver of ours; `refusals` more requests are answered with `refusal`, a GET is always taken."""

    def __init__(self) -> None:
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.refusals, self.refusal = 0, HTTPStatus.SERVICE_UNAVAILABLE
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                refused = webhook.refusals > 0
                webhook.refusals -= refused
                if not refused:
                    webhook.taken.append((dict(self.headers), body))
                self.send_response(webhook.refusal if refused else 204)
                self.send_header("Location", "/sign-in")
                self.end_headers()

            def do_GET(self) -> None:
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/alerts"


@pytest.fixture
def webhook(database: Settings) -> Iterator[Webhook]:
    made = Webhook()
    databases.configure(database.model_copy(update={"alert_webhook_url": made.url, "alert_webhook_secret": SECRET}))
    yield made
    made.server.shutdown()
    made.server.server_close()


def note(state: str, value: float = 0.5) -> list[str]:
    with databases.write() as session:
        return alerting.note(session, [Looked(RULE, Measured(value, 4), state)])


def messages() -> list[OutboxMessage]:
    with databases.read(Store.HOT) as session:
        return list(session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))


def kept() -> list[Alert]:
    with databases.read(Store.HOT) as session:
        return list(session.scalars(select(Alert).order_by(Alert.id)))


def test_an_alert_is_kept_once_and_cleared(webhook: Webhook) -> None:
    assert note("firing") == [f"fired: {RULE.name}"]
    assert note("firing", 0.7) == []
    assert note("unknown") == []
    assert note("quiet", 0.1) == [f"cleared: {RULE.name}"]
    assert note("quiet", 0.1) == []
    assert note("firing") == [f"fired: {RULE.name}"]
    first, second = kept()
    assert (first.value, first.samples, first.cleared_at is None) == (0.5, 4, False)
    assert second.cleared_at is None
    assert len(messages()) == 3


def test_what_fires_is_sent_signed_and_says_which_runbook(webhook: Webhook) -> None:
    note("firing")
    (message,) = messages()
    assert run.perform(message.id) == f"fired: {RULE.name} sent"
    ((headers, body),) = webhook.taken
    told = json.loads(body)
    assert (told["event"], told["alert"]["rule"], told["runbook"]) == ("fired", RULE.name, "docs/runbooks/cost.md")
    assert headers[alerts.SIGNATURE] == alerts.signature(body, SECRET)
    assert alerts.signature(body, "another") != alerts.signature(body, SECRET)
    assert headers[alerts.DELIVERY] == f"{kept()[0].id}-fired"


def test_a_webhook_that_is_down_gets_it_later(webhook: Webhook) -> None:
    webhook.refusals = 2
    note("firing")
    (message,) = messages()
    for _ in range(2):
        assert run.perform(message.id) == "not now: the webhook did not take it (HTTPError)"
        assert messages()[0].done_at is None
    run.perform(message.id)
    assert len(webhook.taken) == 1
    assert messages()[0].done_at is not None


def test_a_redirect_is_not_taken_for_a_delivery(webhook: Webhook) -> None:
    webhook.refusals, webhook.refusal = 1, HTTPStatus.SEE_OTHER
    note("firing")
    (message,) = messages()
    assert run.perform(message.id).startswith("not now: the webhook did not take it")
    run.perform(message.id)
    assert len(webhook.taken) == 1


def test_no_log_names_the_webhook_s_address(webhook: Webhook, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    note("firing")
    (message,) = messages()
    run.perform(message.id)
    assert len(webhook.taken) == 1
    assert webhook.url not in caplog.text


@pytest.mark.usefixtures("database")
def test_without_a_webhook_nothing_is_sent_and_the_alert_is_kept() -> None:
    assert note("firing") == [f"fired: {RULE.name}"]
    assert messages() == []
    assert len(kept()) == 1


@pytest.mark.usefixtures("database")
def test_an_alert_whose_rule_is_gone_is_cleared() -> None:
    with databases.write() as session:
        session.add(Alert(rule="of an earlier release", value=1, threshold=0, samples=1))
    note("quiet")
    assert kept()[0].cleared_at is not None


@pytest.mark.usefixtures("database")
def test_the_job_looks_keeps_and_says() -> None:
    with databases.write() as session:
        outbox.add(session, "workers.tidy.tidy")
        session.execute(OutboxMessage.__table__.update().values(due_at=utc_now() - alerting.DAY))
    assert alerts.evaluate() == "fired: queue age"
    assert alerts.evaluate() == "nothing changed"
    shell = CliRunner()
    (fired,) = json.loads(shell.invoke(group, ["history", "--json"]).stdout)
    assert (fired["rule"], fired["cleared_at"]) == ("queue age", None)
    assert "queue age" in shell.invoke(group, ["history"]).stdout
    listed = {rule["rule"]: rule for rule in json.loads(shell.invoke(group, ["list", "--json"]).stdout)}
    assert listed["queue age"]["state"] == "firing"
    assert "firing   queue age" in shell.invoke(group, ["list"]).stdout
    with databases.write() as session:
        session.execute(OutboxMessage.__table__.update().values(done_at=OutboxMessage.due_at))
    cleared = json.loads(shell.invoke(group, ["evaluate", "--json"]).stdout)
    assert cleared == [{"event": "cleared", "rule": "queue age"}]
    assert shell.invoke(group, ["evaluate"]).stdout == "nothing changed\n"
