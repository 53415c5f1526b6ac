"""A row that another process filled with something odd stops neither the scheduler nor a page."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from core.engines import kept_json
from core.jobs import outbox, tasks
from core.models import OutboxMessage, said
from workers import schedule, watchdog

ODD = ["5", '"x"', "[]", "null", "{", "", '{"a": ' + "9" * 5_000 + "}", '{"a":' * 3_000 + "1" + "}" * 3_000]


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_what_is_no_object_is_read_as_an_empty_one(text: str) -> None:
    assert kept_json.read_object(text) == {}
    assert said.read(text) == {}


@pytest.mark.parametrize("arguments", [5, "x", [], [["a", 1]], None, True])
def test_a_job_with_odd_arguments_is_one_that_no_task_takes(arguments: Any) -> None:
    message = OutboxMessage(queue="reports", task="workers.reports.jobs.draft_report", arguments=arguments)
    assert outbox.arguments_of(message) == {}
    with pytest.raises(tasks.NoSuchTask):
        tasks.check(message.task, outbox.arguments_of(message))


def test_a_job_is_sent_where_its_task_is_done_whatever_its_row_says(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []

    class Queue:
        def __init__(self, name: str, **_: Any) -> None:
            sent.append(name)

        def enqueue_call(self, *_: Any, **__: Any) -> None:
            pass

    monkeypatch.setattr(outbox, "Queue", Queue)
    message = OutboxMessage(id=1, queue="nobody", task="workers.tidy.tidy", arguments={}, enqueues=0)
    outbox._send(None, message)  # type: ignore[arg-type]  # noqa: SLF001
    assert sent == ["ops"]


def test_a_tick_that_fails_does_not_end_the_scheduler(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ticks: list[int] = []
    words = "a patient's name"
    stop = threading.Event()

    def start_due(_: Any) -> list[str]:
        ticks.append(1)
        if len(ticks) == 3:
            stop.set()
        raise ValueError(words)

    monkeypatch.setattr(schedule, "start_due", start_due)
    without_metrics = SimpleNamespace(settings=SimpleNamespace(metrics_address=""))
    monkeypatch.setattr(schedule.databases, "current", lambda: without_metrics)
    monkeypatch.setattr(outbox, "worker_connection", lambda: None)
    monkeypatch.setattr(schedule, "_rest", lambda *_: None)
    monkeypatch.setattr(watchdog, "look", lambda: None)
    monkeypatch.setattr(threading, "Event", lambda: stop)
    monkeypatch.setattr(schedule.signal, "signal", lambda *_: None)
    schedule.run()
    assert len(ticks) == 3
    assert "ValueError" in caplog.text
    assert words not in caplog.text
