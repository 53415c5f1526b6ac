"""Source rows by reference, wherever they are now: for checking that what a claim cites has not changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import RowMapping, select
from sqlalchemy.orm import Session

from core.models.hashed_columns import UnknownVersion, newest_version
from core.models.record_types import VISIT
from core.sources import references
from core.stores import archived, counted
from core.stores.tables import cold_columns, hot_table, linked_table, named

SOURCE_TABLES = ("patient", "allergy", "condition", "prescription", "observation", "visit", "note", "statement")
LOOKS_MAX = 10
ARCHIVED_TABLES = frozenset(table.name for table in VISIT.tables)


class KeptHash(Protocol):
    """A row's hash as a citation keeps it, with the version of the columns that it was made by."""

    content_hash: Any
    hash_version: Any


@dataclass(frozen=True)
class Source:
    """A source row as it is now; `store` is `hot` or the name of the archive server.

    `content_hash` is by `hash_version`, the newest version of the table's hashed columns.
    """

    ref: str
    store: str
    values: Mapping[str, Any]
    content_hash: str
    hash_version: int

    def is_as(self, kept: KeptHash) -> bool:
        """Whether the row still says what it said when the hash was kept, so by columns that are known."""
        table, _ = references.parse_ref(self.ref)
        try:
            return references.content_hash(table, self.values, kept.hash_version) == kept.content_hash
        except UnknownVersion:
            return False


def rows(session: Session, refs: Iterable[str], *, lock: bool = False, with_errors: bool = False) -> dict[str, Source]:
    """The rows behind these references, hot first, then cold. A row that no store has is left out.

    So is one that was entered in error, unless asked. `lock` keeps hot rows as they are until the transaction ends.
    Raises BadReference, ColdUnavailable.
    """
    wanted = set(refs)
    for _attempt in range(LOOKS_MAX):
        before = archived.window(session, VISIT.name)
        hot = _hot(session, wanted, lock=lock)
        found = hot | _archived(session, wanted - hot.keys())
        # Each statement of a writing session has its own snapshot: a row that moves between two may be in neither.
        if wanted <= found.keys() or archived.window(session, VISIT.name) == before:
            return found if with_errors else _counting(session, found)
    raise archived.ColdUnavailable(VISIT.server, "its rows are moving just now")


def hot_rows(session: Session, refs: Iterable[str], *, with_errors: bool = False) -> dict[str, Source]:
    """The rows that the session's own store holds; others are left out. Raises BadReference."""
    found = _hot(session, refs, lock=False)
    return found if with_errors else _counting(session, found)


def archived_rows(session: Session, refs: Iterable[str], *, with_errors: bool = False) -> dict[str, Source]:
    """The rows that an archive holds; others are left out. Raises BadReference, ColdUnavailable."""
    found = _archived(session, refs)
    return found if with_errors else _counting(session, found)


def _counting(session: Session, found: dict[str, Source]) -> dict[str, Source]:
    """Those that were not entered in error."""
    people = {source.values["patient_id"] for source in found.values() if "patient_id" in source.values}
    errors = counted.entered_in_error(session, people)
    return {
        ref: source
        for ref, source in found.items()
        if not errors.has(*references.parse_ref(ref), source.values.get("visit_id"))
    }


def _hot(session: Session, refs: Iterable[str], *, lock: bool) -> dict[str, Source]:
    found: dict[str, Source] = {}
    for name, ids in _ids_by_table(refs).items():
        table = hot_table(name)
        query = select(table).where(table.c.id.in_(ids))
        if lock:
            query = query.with_for_update(read=True)
        found |= _sources(name, "hot", session.execute(query).mappings())
    return found


def _archived(session: Session, refs: Iterable[str]) -> dict[str, Source]:
    found: dict[str, Source] = {}
    for name, ids in _ids_by_table(refs).items():
        if name in ARCHIVED_TABLES:
            found |= _sources(name, VISIT.server, _cold(session, name, ids))
    return found


def _cold(session: Session, name: str, ids: set[int]) -> list[RowMapping]:
    table = linked_table(name)
    seen = archived.window(session, VISIT.name)
    return archived.fetch(VISIT.name, cold_columns(table).where(table.c.id.in_(ids), archived.visible(table, seen)))


def _ids_by_table(refs: Iterable[str]) -> dict[str, set[int]]:
    wanted: dict[str, set[int]] = defaultdict(set)
    for ref in refs:
        table, row_id = references.parse_ref(ref)
        if table not in SOURCE_TABLES:
            raise references.BadReference(f"not a source row: {ref!r}")
        wanted[table].add(row_id)
    return wanted


def _sources(table: str, store: str, found: Iterable[RowMapping]) -> dict[str, Source]:
    made, version = {}, newest_version(table)
    for row in map(named, found):
        ref = references.row_ref(table, row["id"])
        made[ref] = Source(ref, store, row, references.content_hash(table, row, version), version)
    return made
