"""A page of the audit trail costs a page, however many events the archive holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from core import audit
from core.models import ArchiveRun, Batch, BatchState, RunState, utc_now
from core.queries import audit_trail
from core.queries.audit_trail import Cursor, Wanted
from core.stores import archived, databases
from core.stores.databases import Store
from tests.integration.cold.test_plans import nodes, plan_of

EVENTS = 12


@pytest.fixture
def swept(database: Any, sync_replica: Callable[[], None]) -> list[Any]:
    """A dozen events of now, after a run that moved all before yesterday; the queries asked of the archive."""
    with databases.write() as session:
        for _ in range(EVENTS):
            audit.record(session, "chart.read", by=None)
        then = utc_now() - timedelta(days=1)
        run = ArchiveRun(
            record_type="log", state=RunState.DONE, as_of=then, cutoff_at=then, started_by="test", batch_rows=1
        )
        session.add(run)
        session.flush()
        session.add(Batch(run_id=run.id, record_type="log", ordinal=1, state=BatchState.RELEASED))
    sync_replica()
    return []


@pytest.fixture
def asked(swept: list[Any], monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    def fetch(record_type: str, query: Any) -> list[Any]:
        swept.append(query)
        return []

    monkeypatch.setattr(archived, "fetch", fetch)
    return swept


def search(limit: int, after: Cursor | None = None) -> audit_trail.EventPage:
    with databases.read(Store.REPLICA) as session:
        return audit_trail.search(session, Wanted(), after=after, limit=limit)


def test_a_page_that_hot_events_fill_asks_no_archive(asked: list[Any]) -> None:
    page = search(5)
    assert len(page.events) == 5
    assert page.next is not None
    assert asked == []
    search(5, page.next)
    assert asked == []
    search(EVENTS, None)
    assert len(asked) == 1


def test_events_as_old_as_archived_ones_are_not_shown_without_them(asked: list[Any]) -> None:
    with databases.write() as session:
        (run,) = session.query(ArchiveRun)
        run.cutoff_at = utc_now() + timedelta(minutes=1)
    with databases.read(Store.HOT) as session:
        audit_trail.search(session, Wanted(), limit=5)
    assert len(asked) == 1


@pytest.mark.only_on_postgresql("EXPLAIN")
@pytest.mark.parametrize("wanted", [Wanted(), Wanted(person="tan"), Wanted(outcome="denied"), Wanted(action="chart")])
def test_the_archive_sorts_and_cuts_off_though_nobody_told_the_planner_its_size(
    asked: list[Any], wanted: Wanted
) -> None:
    with databases.read(Store.REPLICA) as session:
        audit_trail.search(session, wanted, limit=50)
    # Where events that fit may lie far apart, it is asked first how far back this page looks.
    assert len(asked) == 1 + wanted.is_sparse
    for query in asked:
        (remote,) = [node["Remote SQL"] for node in nodes(plan_of(query)) if node["Node Type"] == "Foreign Scan"]
        assert " ORDER BY at DESC" in remote
        assert " LIMIT " in remote
