"""Source rows by reference, wherever they are now: for checking that what a claim cites has not changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, Select, Table, select
from sqlalchemy.orm import Session

from core import cold, rows
from core.models import Base
from core.models.record_types import VISIT

SOURCE_TABLES = ("patient", "allergy", "condition", "prescription", "observation", "visit", "note")
LOOKS_MAX = 10
ARCHIVED_TABLES = frozenset(table.name for table in VISIT.tables)


@dataclass(frozen=True)
class Source:
    """A source row as it is now; `store` is `hot` or the name of the archive server."""

    ref: str
    store: str
    values: Mapping[str, Any]
    content_hash: str


def hot_table(name: str) -> Table:
    """The table of a kind of source row on the primary and the replica."""
    return Base.metadata.tables[name]


def find(session: Session, refs: Iterable[str], *, lock: bool = False) -> dict[str, Source]:
    """The rows behind these references, hot first, then cold; what is nowhere is left out.

    `lock` keeps hot rows as they are until the transaction ends. Raises BadReference, ColdUnavailable.
    """
    wanted = set(refs)
    for _attempt in range(LOOKS_MAX):
        before = cold.window(session, VISIT.name)
        hot = find_hot(session, wanted, lock=lock)
        found = hot | find_cold(session, wanted - hot.keys())
        # A writing session has a snapshot for each statement: a row that changed tiers between two may be in neither.
        if wanted <= found.keys() or cold.window(session, VISIT.name) == before:
            return found
    raise cold.ColdUnavailable(VISIT.server, "its rows are moving just now")


def find_hot(session: Session, refs: Iterable[str], *, lock: bool = False) -> dict[str, Source]:
    """Those of the rows that the session's own store holds. Raises BadReference."""
    found: dict[str, Source] = {}
    for name, ids in _ids_by_table(refs).items():
        table = hot_table(name)
        query = select(table).where(table.c.id.in_(ids))
        if lock:
            query = query.with_for_update(read=True)
        found |= _sources(name, "hot", session.execute(query).mappings())
    return found


def find_cold(session: Session, refs: Iterable[str]) -> dict[str, Source]:
    """Those of the rows that an archive holds. Raises BadReference, ColdUnavailable."""
    found: dict[str, Source] = {}
    for name, ids in _ids_by_table(refs).items():
        if name in ARCHIVED_TABLES:
            found |= _sources(name, VISIT.server, _cold(session, name, ids))
    return found


def named(row: RowMapping) -> dict[str, Any]:
    """A row by its columns' names."""
    return {str(column): value for column, value in row.items()}


def cold_columns(table: Table) -> Select[Any]:
    """A select of an archived table's columns that the hot table has too."""
    return select(*(table.c[column.name] for column in hot_table(table.name).columns))


def _cold(session: Session, name: str, ids: set[int]) -> list[RowMapping]:
    table = cold.table(name)
    seen = cold.window(session, VISIT.name)
    return cold.fetch(VISIT.name, cold_columns(table).where(table.c.id.in_(ids), cold.visible(table, seen)))


def _ids_by_table(refs: Iterable[str]) -> dict[str, set[int]]:
    wanted: dict[str, set[int]] = defaultdict(set)
    for ref in refs:
        table, row_id = rows.parse_ref(ref)
        if table not in SOURCE_TABLES:
            raise rows.BadReference(f"not a source row: {ref!r}")
        wanted[table].add(row_id)
    return wanted


def _sources(table: str, store: str, found: Iterable[RowMapping]) -> dict[str, Source]:
    made = {}
    for row in map(named, found):
        ref = rows.row_ref(table, row["id"])
        made[ref] = Source(ref, store, row, rows.content_hash(table, row))
    return made
