"""The scheduler sees, without a queue, that nobody evaluates the rules; and short jobs wait behind no long ones."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.jobs import outbox, tasks
from core.models import ScheduleMark, utc_now
from core.queries import alerts as kept_alerts
from core.queries.alerts import EVALUATED
from core.services import alerting
from core.stores import databases
from core.stores.databases import Store
from tests.integration.alerts.test_delivery import Webhook, messages, webhook
from workers import alerts, listening, schedule, watchdog

__all__ = ["webhook"]
RULE = alerting.EVALUATION_STOPPED.name


def evaluated_ago(minutes: int) -> None:
    with databases.write() as session:
        session.merge(ScheduleMark(name=EVALUATED, started_at=utc_now() - timedelta(minutes=minutes)))


def firing() -> set[str]:
    with databases.read(Store.HOT) as session:
        return set(kept_alerts.firing(session))


def test_the_scheduler_sends_the_alert_itself_and_its_end(webhook: Webhook) -> None:
    evaluated_ago(1)
    assert watchdog.look() == []
    evaluated_ago(36)
    assert watchdog.look() == [f"fired: {RULE}"]
    assert firing() == {RULE}
    assert watchdog.look() == []
    evaluated_ago(0)
    assert watchdog.look() == [f"cleared: {RULE}"]
    assert [headers[alerts.DELIVERY].partition("-")[2] for headers, _ in webhook.taken] == ["fired", "cleared"]
    assert all(message.done_at is not None for message in messages())


def test_what_the_webhook_refuses_waits_in_the_outbox(webhook: Webhook) -> None:
    evaluated_ago(36)
    webhook.refusals = 1
    assert watchdog.look() == [f"fired: {RULE}"]
    (message,) = messages()
    assert message.done_at is None
    assert webhook.taken == []


@pytest.mark.usefixtures("database")
def test_a_job_of_the_workers_counts_as_an_evaluation_and_a_queued_one_does_not() -> None:
    schedule.start_due(utc_now())
    schedule.start_due(utc_now() + timedelta(minutes=2))
    with databases.read(Store.HOT) as session:
        assert kept_alerts.evaluated(session) == kept_alerts.Evaluated(None, True)
    alerts.evaluate()
    with databases.read(Store.HOT) as session:
        assert not kept_alerts.evaluated(session).is_late


@pytest.mark.usefixtures("database")
def test_a_queue_that_nobody_works_on_does_not_grow() -> None:
    now = utc_now()
    schedule.start_due(now)
    for minutes in range(1, 40):
        schedule.start_due(now + timedelta(minutes=minutes))
    with databases.write() as session:
        (waiting,) = outbox.waiting(session, "workers.alerts.evaluate")
        outbox.finish(session, waiting)
    assert kept_alerts.SCHEDULED_AS in schedule.start_due(now + timedelta(minutes=40))


@pytest.mark.usefixtures("database")
def test_a_worker_of_several_queues_takes_the_short_jobs_first(monkeypatch: pytest.MonkeyPatch) -> None:
    listened: list[str] = []

    class Idle:
        def __init__(self, queues: Any, **_: Any) -> None:
            listened.extend(queue.name for queue in queues)

        def work(self, **_: Any) -> None:
            """Nothing to do."""

    monkeypatch.setattr(listening, "CountedWorker", Idle)
    listening.work(("reports", "archive", "ops"))
    assert listened == ["ops", "reports", "archive"]


def test_nothing_that_asks_a_model_stands_before_an_alert() -> None:
    assert {task.name for task in tasks.TASKS.values() if task.queue == "ops"} == {
        "workers.alerts.evaluate", "workers.alerts.deliver", "workers.audit_heads.keep", "workers.tidy.tidy",
        "workers.machines.sample", "workers.outliers.count",
        "workers.forgetting.forget_watched",
    }  # fmt: skip
