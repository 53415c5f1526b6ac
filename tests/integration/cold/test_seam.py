"""Years across the seam between hot and archived rows: none twice, none missing, whatever moves meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select

from core.queries import timeline
from core.queries.periods import Period
from core.queries.timeline_items import Kind
from core.services import archive_restore
from core.stores import archived, databases
from core.stores.databases import Store
from core.stores.tables import linked_table
from tests.integration.cold.conftest import Record, begin_move
from workers.archive import driver


def pages(record: Record, between: Callable[[], None], store: Store = Store.REPLICA) -> Iterator[int]:
    """The visits of each year in turn, the newest first."""
    year: int | None = None
    while True:
        with databases.read(store) as session:
            period = Period(year) if year is not None else None
            page = timeline.timeline(session, record.patient_id, kind=Kind.VISITS, period=period)
        assert not page.gaps
        yield from [item.id for item in page.items]
        year = page.before
        if year is None:
            return
        between()


def nothing() -> None:
    """Between two pages, nothing happens."""


def test_thousands_of_restored_visits_are_left_out(archived_record: Record) -> None:
    linked, restored = linked_table("visit"), tuple(range(1, 3_001))
    query = select(linked.c.id).where(linked.c.patient_id == archived_record.patient_id)
    seen = archived.Window(last=1_000_000, moving=(), restored=())
    assert archived.fetch("visit", query.where(archived.visible(linked, seen)))
    assert archived.fetch("visit", query.where(archived.visible(linked, replace(seen, restored=restored)))) == []


def test_pages_of_archived_and_hot_visits(archived_record: Record) -> None:
    assert tuple(pages(archived_record, nothing)) == archived_record.visits


@pytest.mark.parametrize("store", [Store.HOT, Store.REPLICA])
def test_pages_while_visits_are_archived(record: Record, store: Store, sync_replica: Callable[[], None]) -> None:
    run_id, listings = begin_move(batch_rows=1), 0
    sync_replica()
    moving = [True]

    def advance() -> None:
        moving[0] = moving[0] and driver.advance(run_id)

    while moving[0]:
        assert tuple(pages(record, advance, store)) == record.visits
        listings += 1
    assert listings > 4


@pytest.mark.parametrize("store", [Store.HOT, Store.REPLICA])
def test_pages_while_visits_come_back(archived_record: Record, store: Store) -> None:
    with databases.write() as session:
        run_id = archive_restore.start_patient_restore(
            session, patient_id=archived_record.patient_id, record_type="visit", by=None
        ).id
    assert tuple(pages(archived_record, lambda: driver.advance(run_id) and None, store)) == archived_record.visits
