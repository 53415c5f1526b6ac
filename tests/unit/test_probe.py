"""Nobody waits for a silent server longer than the probe's patience, and only the first waits at all."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from core.engines.patience import patience
from core.stores import probe
from core.stores.probe import Probe


@pytest.fixture(autouse=True)
def near() -> None:
    """No server is far away, whatever was measured before."""
    patience.begin(1.0, 1.0)


@pytest.fixture
def silent() -> Iterator[threading.Event]:
    """A question hangs until this is set."""
    gate = threading.Event()
    yield gate
    gate.set()


def test_an_answer_is_asked_for_once_while_it_is_new() -> None:
    asked: list[int] = []

    def ask() -> int:
        asked.append(1)
        return 7

    asking = Probe(ask)
    assert [asking.latest().value for _ in range(3)] == [7, 7, 7]  # type: ignore[union-attr]
    assert len(asked) == 1
    asking.forget()
    asking.latest()
    assert len(asked) == 2


def test_a_silent_server_costs_the_first_caller_little_and_the_next_nothing(silent: threading.Event) -> None:
    asking = Probe(lambda: 7 if silent.wait(30) else None)
    started = time.monotonic()
    assert asking.latest() is None
    assert time.monotonic() - started < probe.ANSWER_SECONDS + 0.5
    started = time.monotonic()
    assert asking.latest() is None
    assert time.monotonic() - started < 0.1


def test_asking_anew_leaves_a_question_on_its_way_alone(silent: threading.Event) -> None:
    asked: list[int] = []

    def ask() -> int | None:
        asked.append(1)
        return 7 if len(asked) == 1 or silent.wait(30) else None

    asking = Probe(ask)
    assert asking.latest() is not None
    asking.refresh()
    assert asking.latest() is None
    for _ in range(3):
        asking.refresh()
        assert asking.latest() is None
    assert len(asked) == 2


def test_a_late_answer_is_told_as_soon_as_it_is_there(silent: threading.Event) -> None:
    asking = Probe(lambda: 7 if silent.wait(30) else None)
    assert asking.latest() is None
    silent.set()
    until = time.monotonic() + 5
    while (answer := asking.latest()) is None:
        assert time.monotonic() < until
    assert answer.value == 7


def test_a_question_that_fails_is_no_answer_and_is_asked_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "PROBE_SECONDS", 0.0)
    answers = iter([None, 7])
    asking = Probe(lambda: next(answers))
    assert asking.latest() is None
    found = asking.latest()
    assert found is not None
    assert found.value == 7
