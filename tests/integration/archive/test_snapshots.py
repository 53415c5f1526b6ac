"""G1 step by step: a reader that took its snapshot at one moment of a move reads the archive at any later one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Base
from core.models.record_types import VISIT
from core.services import archive_restore
from core.stores import archived, databases
from core.stores.databases import Store
from core.stores.tables import linked_table
from tests.integration.archive.conftest import run_to_end, start
from tests.integration.archive.readers import TABLES
from workers.archive import driver, purge


def hot_rows(session: Session) -> Counter[str]:
    return Counter(
        f"{name}:{row_id}" for name in TABLES for row_id in session.scalars(select(Base.metadata.tables[name].c.id))
    )


def cold_rows(window: archived.Window) -> Counter[str]:
    found: Counter[str] = Counter()
    for name in TABLES:
        linked = linked_table(name)
        rows = archived.fetch(
            VISIT.name, select(linked.c.id).where(archived.visible(linked, window)), through=Store.HOT
        )
        found.update(f"{name}:{row['id']}" for row in rows)
    return found


class Snapshots:
    """Readers with open snapshots of hot rows, each to read the archive when it is told to."""

    def __init__(self, stack: ExitStack, everything: Counter[str]) -> None:
        self.stack, self.everything = stack, everything
        self.open: list[tuple[str, Counter[str], archived.Window]] = []

    def take(self, when: str) -> None:
        session = self.stack.enter_context(databases.read(Store.HOT))
        self.open.append((when, hot_rows(session), archived.window(session, VISIT.name)))

    def check(self, now: str) -> None:
        for when, hot, window in self.open:
            assert hot + cold_rows(window) == self.everything, f"hot was read at {when}, cold at {now}"


@pytest.fixture
def snapshots(population: list[int]) -> Iterator[Snapshots]:
    """All rows are still hot."""
    with ExitStack() as stack:
        with databases.read(Store.HOT) as session:
            everything = hot_rows(session)
        yield Snapshots(stack, everything)


def test_whatever_moves_between_hot_and_cold(snapshots: Snapshots) -> None:
    snapshots.take("the beginning")
    run_id, step = start(batch_rows=6), 0
    while driver.advance(run_id):
        step += 1
        snapshots.take(f"step {step}")
        snapshots.check(f"step {step}")


def test_whatever_comes_back_between_hot_and_cold(snapshots: Snapshots) -> None:
    moved = run_to_end(batch_rows=6).id
    snapshots.take("the beginning")
    with databases.write() as session:
        run_id = archive_restore.start_run_restore(session, run_id=moved, by=None).id
    step = 0
    while driver.advance(run_id):
        step += 1
        snapshots.take(f"step {step}")
        snapshots.check(f"step {step}")


@pytest.mark.usefixtures("tells_snapshots")
def test_a_purge_waits_for_every_older_snapshot(
    snapshots: Snapshots, with_settings: Callable[..., None], sync_replica: Callable[[], None]
) -> None:
    with_settings(restored_grace_seconds=1e-6)
    moved = run_to_end().id
    snapshots.take("before the restore")
    with databases.write() as session:
        run_id = archive_restore.start_run_restore(session, run_id=moved, by=None).id
    driver.drive(run_id)
    sync_replica()
    for attempt in range(3):
        purge.purge_restored()
        snapshots.check(f"attempt {attempt}")


def test_the_window_belongs_to_the_snapshot_of_the_hot_rows(snapshots: Snapshots) -> None:
    """A move that ends between two statements of a reader changes nothing for it."""
    run_id = start(batch_rows=6)
    with databases.read(Store.HOT) as session:
        hot = hot_rows(session)
        while driver.advance(run_id):
            pass
        window = archived.window(session, VISIT.name)
    assert hot + cold_rows(window) == snapshots.everything
