"""The heads of the audit trail are kept outside the database: whoever rewrites all of it, head and hashes, is found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from core import audit
from core.audit import kept_heads
from core.audit.chain import GENESIS, Link, event_hash
from core.audit.kept_heads import HeadsLost
from core.audit.verifier import NOT_AS_KEPT
from core.models import AccessEvent, ChainHead
from core.queries import audit_chains
from core.stores import databases
from core.stores.databases import Store
from tests.factories import NOW
from tests.integration.web.conftest import move_to_archive
from workers import audit_heads as task


@pytest.fixture(autouse=True)
def outside(database: Any, tmp_path: Path) -> Path:
    """A place of its own for the heads."""
    databases.configure(database.model_copy(update={"audit_heads_url": tmp_path.as_uri()}))
    return tmp_path


def write(count: int, **values: Any) -> None:
    with databases.write() as session:
        for _ in range(count):
            audit.record(session, "chart.viewed", by=None, **values)


def forge(*, cut: int = 0) -> None:
    """Rewrite the whole trail as someone with all rights would: other words, chained anew, `cut` events left out."""
    with databases.write() as session:
        events = list(session.scalars(select(AccessEvent).order_by(AccessEvent.id)))
        head = session.scalars(select(ChainHead)).one()
        before = GENESIS
        for event in events[: len(events) - cut]:
            event.actor_name, event.previous_hash = "Nobody", before
            event.hash = before = event_hash(event)
        head.sequence, head.hash = len(events) - cut, before
        for event in events[len(events) - cut :]:
            session.delete(event)


def faults(sync: Callable[[], None]) -> list[str]:
    sync()
    return [fault.what for fault in audit_chains.verify().faults]


def test_a_whole_trail_chained_anew_is_found(sync_replica: Callable[[], None]) -> None:
    write(3)
    forge()
    assert faults(sync_replica) == []  # Nothing was kept: nobody can tell.
    task.keep()
    with databases.write() as session:
        event = session.scalars(select(AccessEvent).order_by(AccessEvent.id.desc())).first()
        assert event is not None
        event.actor_name = "Somebody else"
        event.hash = event_hash(event)
        session.scalars(select(ChainHead)).one().hash = event.hash
    assert faults(sync_replica) == [NOT_AS_KEPT]


def test_a_trail_cut_short_with_its_head_is_found(sync_replica: Callable[[], None]) -> None:
    write(3)
    task.keep()
    forge(cut=1)
    assert NOT_AS_KEPT in faults(sync_replica)


def test_a_whole_chain_taken_away_is_found(sync_replica: Callable[[], None]) -> None:
    write(2)
    task.keep()
    with databases.write() as session:
        session.execute(delete(AccessEvent))
        session.execute(delete(ChainHead))
    assert faults(sync_replica) == [NOT_AS_KEPT]


def test_a_trail_that_grows_and_is_archived_holds(sync_replica: Callable[[], None], outside: Path) -> None:
    write(3, at=NOW.replace(year=NOW.year - 1))
    first = task.keep()
    move_to_archive("log")
    write(2)
    sync_replica()
    second = task.keep()
    assert first < second
    assert faults(sync_replica) == []
    with databases.read(Store.HOT) as session:
        heads = {head.writer: Link(head.sequence, head.hash) for head in session.scalars(select(ChainHead))}
    assert kept_heads.kept().heads == heads
    assert len(list(outside.rglob("*.json"))) == 2


def test_nothing_new_is_kept_of_a_trail_that_lost_what_was(outside: Path) -> None:
    write(3)
    task.keep()
    forge()
    write(1)
    with pytest.raises(HeadsLost) as lost:
        task.keep()
    assert [fault.what for fault in lost.value.faults] == [NOT_AS_KEPT]
    assert len(list(outside.rglob("*.json"))) == 1


def test_old_sets_are_let_go_but_for_the_first(
    outside: Path, monkeypatch: pytest.MonkeyPatch, sync_replica: Callable[[], None]
) -> None:
    write(1)
    today = kept_heads.utc_now()
    for days in (50, 40, 36, 30, 1):
        monkeypatch.setattr(kept_heads, "utc_now", lambda days=days: today - timedelta(days=days))
        task.keep()
    assert numbers(outside) == [1, 3, 4, 5]
    monkeypatch.setattr(kept_heads, "utc_now", lambda: today)
    task.keep()
    assert numbers(outside) == [1, 4, 5, 6]
    assert faults(sync_replica) == []


def numbers(outside: Path) -> list[int]:
    return sorted(int(path.stem) for path in outside.rglob("*.json"))
