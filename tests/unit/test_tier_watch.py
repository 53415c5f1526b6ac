"""The page of servers waits a little for a silent one, once, and shows it when it answers again."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from core.queries import tier_watch
from core.queries.tier_watch import Tier, TierWatch
from core.stores.databases import Store

UP = Tier(Store.VISITS, "Archive", up=True)
DOWN = Tier(Store.VISITS, "Archive", up=False, cause="OperationalError")
WAIT_SECONDS = 0.2


class Server:
    """Answers at once, or only when `gate` is set."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.says = UP

    def ask(self) -> Tier:
        self.gate.wait(30)
        return self.says


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(tier_watch, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(tier_watch, "WAIT_SECONDS", WAIT_SECONDS)
    made = Server()
    yield made
    made.gate.set()


def seconds(watch: TierWatch) -> tuple[float, Tier]:
    started = time.monotonic()
    found = watch.latest()
    return time.monotonic() - started, found


def shown_in_the_end(watch: TierWatch, wanted: Tier) -> None:
    until = time.monotonic() + 10
    while watch.latest() != wanted:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_silent_server_costs_one_page_a_little_and_the_next_nothing(server: Server) -> None:
    watch = TierWatch(Store.VISITS, "Archive", server.ask)
    assert watch.latest() == UP
    server.gate.clear()
    first, found = seconds(watch)
    assert (WAIT_SECONDS <= first < 3 * WAIT_SECONDS, found.up, found.cause) == (True, False, "no answer in time")
    for _ in range(20):
        following, found = seconds(watch)
        assert (following < WAIT_SECONDS / 2, found.up) == (True, False)
    server.gate.set()
    shown_in_the_end(watch, UP)


def test_a_dead_server_is_told_with_its_cause_until_it_answers(server: Server) -> None:
    server.says = DOWN
    watch = TierWatch(Store.VISITS, "Archive", server.ask)
    assert watch.latest() == DOWN
    server.gate.clear()
    waited, found = seconds(watch)
    assert (waited < WAIT_SECONDS / 2, found) == (True, DOWN)
    server.says = UP
    server.gate.set()
    shown_in_the_end(watch, UP)


def test_it_asks_again_after_it_forgot(server: Server) -> None:
    watch = TierWatch(Store.VISITS, "Archive", server.ask)
    server.says = DOWN
    assert watch.latest() == DOWN
    server.says = UP
    watch.forget()
    assert watch.latest() == UP
