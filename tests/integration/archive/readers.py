"""Readers that look at every row of every tier without pause while a move goes on and things break."""

from __future__ import annotations

import threading
from collections import Counter
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Select, Table, select
from sqlalchemy.exc import SQLAlchemyError

from core.models import Base
from core.models.record_types import VISIT
from core.sources.references import content_hash
from core.stores import archived, databases, hot_and_archived
from core.stores.databases import Store
from core.stores.tables import linked_table

TABLES = tuple(table.name for table in VISIT.tables)
PAUSE_SECONDS = 0.02


def look(store: Store) -> Counter[str]:
    """How often each row is seen by a reader of hot rows on `store`, then of archived ones: `visit:3`."""
    found: Counter[str] = Counter()
    with databases.read(store) as session:
        for name in TABLES:
            ids = session.scalars(select(Base.metadata.tables[name].c.id))
            found.update(f"{name}:{row_id}" for row_id in ids)
        window = archived.window(session, VISIT.name)
    for name in TABLES:
        linked = linked_table(name)
        rows = archived.fetch(VISIT.name, select(linked.c.id).where(archived.visible(linked, window)))
        found.update(f"{name}:{row['id']}" for row in rows)
    return found


def contents() -> dict[str, str]:
    """The content hash of every row, hot or archived: `visit:3`. Each is seen once."""
    found: list[tuple[str, str]] = []
    with databases.read(Store.HOT) as session:
        for name in TABLES:
            hot = Base.metadata.tables[name]
            rows = session.execute(select(hot)).mappings()
            found += [(f"{name}:{row['id']}", content_hash(name, row)) for row in rows]
        window = archived.window(session, VISIT.name)
    for name in TABLES:
        linked = linked_table(name)
        older = archived.fetch(VISIT.name, select(linked).where(archived.visible(linked, window)), through=Store.HOT)
        found += [(f"{name}:{row['id']}", content_hash(name, row)) for row in older]
    once = dict(found)
    assert len(once) == len(found), f"seen twice: {sorted(found)}"
    return once


def shown_to_readers(patient_id: int) -> set[str]:
    """The patient's rows that pages show, by the one merge of tiers."""
    return set(_merged(patient_id, with_errors=False))


def counting(patient_id: int, errors: set[str]) -> set[str]:
    """The patient's rows of every tier, without those and without what was written at a visit among those."""
    rows = _merged(patient_id, with_errors=True)
    return {ref for ref, visit_id in rows.items() if ref not in errors and f"visit:{visit_id}" not in errors}


def _merged(patient_id: int, *, with_errors: bool) -> dict[str, int | None]:
    """The visit of each row."""

    def build(table: Table, columns: Select[Any]) -> Select[Any]:
        return columns.where(table.c.patient_id == patient_id)

    found: dict[str, int | None] = {}
    asked = {"patient_id": patient_id, "with_errors": with_errors}
    with databases.read(Store.HOT) as session:
        for name in TABLES:
            for item in hot_and_archived.read_both(session, VISIT.name, name, build, **asked):  # type: ignore[arg-type]
                found[f"{name}:{item.values['id']}"] = item.values.get("visit_id")
    return found


class Reader(threading.Thread):
    """Reads again and again. A read may fail; one that succeeds must see each row once, or it is in `wrong`."""

    def __init__(self, store: Store, rows: frozenset[str]) -> None:
        super().__init__(daemon=True)
        self.store = store
        self.rows = rows
        self.reads = self.failures = 0
        self.wrong: list[str] = []
        self._stop_asked = threading.Event()

    def run(self) -> None:
        while not self._stop_asked.wait(PAUSE_SECONDS):
            try:
                found = look(self.store)
            except (SQLAlchemyError, archived.ColdUnavailable):
                self.failures += 1
                archived.breakers[VISIT.server].answered()
                continue
            self.reads += 1
            if found.keys() != self.rows or found.total() != len(self.rows):
                twice = sorted(row for row, times in found.items() if times > 1)
                self.wrong.append(f"missing {sorted(self.rows - found.keys())}, twice {twice}")

    def stop(self) -> None:
        self._stop_asked.set()
        self.join()


class Readers:
    """A reader by way of the primary and one by way of the standby; at the end of the `with` block none was wrong."""

    def __init__(self) -> None:
        rows = frozenset(look(Store.HOT))
        self.all = [Reader(Store.HOT, rows), Reader(Store.REPLICA, rows)]

    def __enter__(self) -> Self:
        for reader in self.all:
            reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for reader in self.all:
            reader.stop()
        for reader in self.all:
            assert not reader.wrong, f"by way of the {reader.store}: {reader.wrong[:3]}"
        if error is None:
            assert all(reader.reads for reader in self.all)
