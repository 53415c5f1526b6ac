"""Readers that look at every row of every tier without pause while a move goes on and things break."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, NamedTuple, Self

from sqlalchemy import ColumnElement, CompoundSelect, RowMapping, Select, Table, literal, select, true, union_all
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core.models.record_types import VISIT
from core.sources.references import content_hash
from core.stores import archived, databases, hot_and_archived
from core.stores.databases import Store
from core.stores.tables import hot_table, linked_table

TABLES = tuple(table.name for table in VISIT.tables)
PAUSE_SECONDS = 0.02


class Row(NamedTuple):
    """What a row says, as its content hash, whose it is, and which visit it is or was written at."""

    hash: str
    patient_id: int
    visit_id: int | None


def row_of(table: str, values: RowMapping) -> Row:
    """From the columns of a row, hot or archived."""
    visit_id = values["id" if table == VISIT.root.name else "visit_id"]
    return Row(content_hash(table, values), values["patient_id"], visit_id)


def look(store: Store) -> Counter[str]:
    """How often each row is seen by a reader of hot rows on `store`, then of archived ones: `visit:3`."""
    found: Counter[str] = Counter()
    with databases.read(store) as session:
        hot = session.execute(_ids({name: true() for name in TABLES}, hot_table))
        found.update(f"{name}:{row_id}" for name, row_id in hot)
        window = archived.window(session, VISIT.name)
    owned = {name: archived.visible(linked_table(name), window) for name in TABLES}
    older = archived.fetch(VISIT.name, _ids(owned, linked_table))  # type: ignore[arg-type]
    found.update(f"{row['name']}:{row['id']}" for row in older)
    return found


def _ids(wanted: dict[str, ColumnElement[bool]], table: Callable[[str], Table]) -> CompoundSelect[Any]:
    """One statement for all tables: a reader that looks after every step would else wait for ten."""
    return union_all(
        *(select(literal(name).label("name"), table(name).c.id).where(rows) for name, rows in wanted.items())
    )


def contents() -> dict[str, Row]:
    """Every row, hot or archived: `visit:3`. Each is seen once."""
    found: list[tuple[str, Row]] = []
    with databases.read(Store.HOT) as session:
        found += _said(session, {name: select(hot_table(name)) for name in TABLES})
        window = archived.window(session, VISIT.name)
    older = [linked_table(name) for name in TABLES]
    seconds = databases.current().settings.cold_timeout_seconds
    with databases.read_linked(Store.HOT, VISIT.server, seconds) as session:
        owned = {table.name: select(table).where(archived.visible(table, window)) for table in older}
        found += _said(session, owned)
    once = dict(found)
    assert len(once) == len(found), f"seen twice: {sorted(found)}"
    return once


def _said(session: Session, queries: dict[str, Select[Any]]) -> list[tuple[str, Row]]:
    return [
        (f"{name}:{values['id']}", row_of(name, values))
        for name, query in queries.items()
        for values in session.execute(query).mappings()
    ]


def shown_to_readers(patient_id: int) -> set[str]:
    """The patient's rows that pages show, by the one merge of tiers."""

    def build(table: Table, columns: Select[Any]) -> Select[Any]:
        return columns.where(table.c.patient_id == patient_id)

    with databases.read(Store.HOT) as session:
        return {
            f"{name}:{item.values['id']}"
            for name in TABLES
            for item in hot_and_archived.read_both(session, VISIT.name, name, build, patient_id=patient_id)
        }


def counting(rows: Mapping[str, Row], patient_id: int, errors: set[str]) -> set[str]:
    """Those of the patient's rows that count: none in error, and none that was written at a visit in error."""
    mine = {ref for ref, row in rows.items() if row.patient_id == patient_id}
    return {ref for ref in mine if errors.isdisjoint((ref, f"visit:{rows[ref].visit_id}"))}


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
