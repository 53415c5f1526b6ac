"""G5: a dead or silent archive is given up soon, asked seldom, and slows no page of hot rows."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import ProgrammingError

from core.engines.patience import patience
from core.queries import timeline, visit_overview
from core.queries.periods import Period
from core.queries.timeline_items import Kind
from core.stores import archived, databases, outage
from core.stores.archived import ColdUnavailable
from core.stores.databases import Store
from core.stores.tables import linked_table
from tests.integration.cold.conftest import Record
from tests.tcp_proxy import TcpProxy
from tests.tiers import Tiers

# Until a read that is over its time has failed; then nobody asks for a while.
GIVE_UP_SECONDS, NEXT_SECONDS = 0.3, 0.05
PAGES, ROUNDS = 60, 4
SLOWER_MAX = 1.5


def cold_read(record: Record) -> list[Any]:
    linked = linked_table("visit")
    return archived.fetch("visit", select(linked.c.id).where(linked.c.patient_id == record.patient_id))


def first_seconds() -> float:
    servers = databases.current()
    times = patience.times(servers.engine(Store.REPLICA, read_only=True).url)
    return servers.settings.cold_timeout_seconds * times + GIVE_UP_SECONDS


def seconds_to_fail(record: Record) -> float:
    started = time.monotonic()
    with pytest.raises(ColdUnavailable):
        cold_read(record)
    return time.monotonic() - started


def longest_of_a_crowd(record: Record) -> float:
    for breaker in archived.breakers.values():
        breaker.answered()
    with ThreadPoolExecutor(20) as pool:
        return max(pool.map(lambda _: seconds_to_fail(record), range(20)))


def test_a_dead_archive_fails_soon_and_then_at_once(way: TcpProxy, archived_record: Record, tiers: Tiers) -> None:
    assert cold_read(archived_record)
    tiers.of["visits"].kill()
    assert seconds_to_fail(archived_record) < first_seconds()
    assert max(seconds_to_fail(archived_record) for _ in range(20)) < NEXT_SECONDS


@pytest.mark.parametrize("is_used_before", [True, False])
def test_a_silent_archive_fails_soon_and_then_at_once(
    way: TcpProxy, archived_record: Record, is_used_before: bool
) -> None:
    """Whether the linked connection was open before, or must be made."""
    if is_used_before:
        assert cold_read(archived_record)
    way.silence()
    assert seconds_to_fail(archived_record) < first_seconds()
    assert max(seconds_to_fail(archived_record) for _ in range(20)) < NEXT_SECONDS


def test_it_is_asked_again_when_the_breaker_closes(
    way: TcpProxy, archived_record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outage, "BREAKER_SECONDS", 0.2)
    way.cut()
    seconds_to_fail(archived_record)
    way.heal()
    until = time.monotonic() + 10
    while True:
        try:
            assert cold_read(archived_record)
            return
        except ColdUnavailable:
            assert time.monotonic() < until


def test_a_crowd_at_a_silent_archive_is_turned_away_in_time(way: TcpProxy, archived_record: Record) -> None:
    way.silence()
    # A busy machine slows one crowd or two; a read that waits for its turn is slow each time.
    assert any(longest_of_a_crowd(archived_record) < first_seconds() for _ in range(3))


def test_a_silent_archive_takes_no_connection_from_another(way: TcpProxy, archived_record: Record) -> None:
    way.silence()
    linked = linked_table("access_event")
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(seconds_to_fail, archived_record) for _ in range(8)]
        assert archived.fetch("log", select(linked.c.id).limit(1)) == []
        for one in waiting:
            one.result()


def test_a_query_that_is_wrong_is_no_silence(archived_record: Record) -> None:
    linked = linked_table("visit")
    with pytest.raises(ProgrammingError):
        archived.fetch("visit", select(linked.c.id).where(linked.c.id == linked.c.description))
    assert cold_read(archived_record)


def page_seconds(record: Record) -> float:
    """Seconds that a page of hot rows takes, as the median of PAGES."""
    took = []
    for _ in range(PAGES):
        started = time.perf_counter()
        with databases.read(Store.REPLICA) as session:
            assert visit_overview.overview(session, record.patient_id, newest=10).newest
        took.append(time.perf_counter() - started)
    return statistics.median(took)


@pytest.mark.parametrize("broken", ["dead", "silent"])
def test_a_page_of_hot_rows_is_not_slowed(way: TcpProxy, archived_record: Record, broken: str) -> None:
    """In turns with the archive well and broken, while somebody asks for archived rows; the better of the rounds.

    A page that asked the archive would take several times as long; the tenth that it may take at p95 is for a benchmark
    to show.
    """
    breaks: Callable[[], None] = way.cut if broken == "dead" else way.silence
    page_seconds(archived_record)
    ratios = []
    for _ in range(ROUNDS):
        way.heal()
        usual = page_seconds(archived_record)
        breaks()
        with ThreadPoolExecutor(1) as pool:
            asking = pool.submit(seconds_to_fail, archived_record)
            ratios.append(page_seconds(archived_record) / usual)
            asking.result()
        archived.breakers["visits"].answered()
        if min(ratios) <= SLOWER_MAX:
            return
    pytest.fail(f"a page's time rose to {min(ratios):.2f} of the usual at best: {ratios}")


def test_a_partial_page_says_so_and_what_is_missing(way: TcpProxy, archived_record: Record) -> None:
    way.silence()
    with databases.read(Store.REPLICA) as session:
        told = visit_overview.overview(session, archived_record.patient_id)
        first = timeline.timeline(session, archived_record.patient_id, kind=Kind.VISITS)
        years = [
            timeline.timeline(session, archived_record.patient_id, kind=Kind.VISITS, period=Period(year))
            for year in first.years
        ]
    (gap,) = {gap for year in years for gap in year.gaps}
    assert told.total == len(archived_record.visits)
    assert told.held == gap
    assert gap.roots + sum(len(year.items) for year in years) == len(archived_record.visits)
