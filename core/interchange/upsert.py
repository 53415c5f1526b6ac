"""Rows of one table kept by the ledger: new ones inserted in bulk, changed ones updated, known ones left alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Table, select, update
from sqlalchemy.orm import Session

from core.interchange import ledger
from core.interchange.ledger import Entry
from core.interchange.source_rows import Record
from core.interchange.summary import Summary
from core.models import Allergy, Base, Clinic, Condition, Note, Observation, Patient, Practitioner, Prescription, Visit
from core.sealing import sealed
from core.stores import databases

MODELS: dict[str, type[Base]] = {
    "clinic": Clinic,
    "practitioner": Practitioner,
    "patient": Patient,
    "visit": Visit,
    "observation": Observation,
    "condition": Condition,
    "allergy": Allergy,
    "prescription": Prescription,
    "note": Note,
}
FILLED_BY_ANOTHER_FORMAT = {
    "clinic": ("address",),
    "practitioner": ("speciality",),
    "patient": ("phone", "language", "address", "national_id_sealed", "national_id_hash"),
    "prescription": ("dose", "frequency", "route", "instructions", "reason"),
}
ARCHIVED = "it has changed, but our row is archived: restore it first (strata archive restore)"

RowOf = Callable[[Record], dict[str, Any]]
Known = Mapping[str, Mapping[str, Entry]]


@dataclass(frozen=True, slots=True)
class Work:
    """One transaction of an import: the format, what the ledger knows of its keys, and what it has done so far.

    `written` holds the ids of the rows that it has added or changed, by kind.
    """

    session: Session
    source: str
    known: Known
    summary: Summary
    written: dict[str, list[int]] = field(default_factory=dict)


def table_of(kind: str) -> Table:
    """The table that holds a kind of record."""
    return Base.metadata.tables[MODELS[kind].__tablename__]


def upsert(work: Work, kind: str, records: Sequence[Record], row_of: RowOf) -> dict[str, int]:
    """Keep the records of one kind; gives the id of each accepted record's row by key.

    A row known from another format is recognised, its empty columns filled, and counted unchanged unless filled.
    """
    ids: dict[str, int] = {}
    fresh: list[Record] = []
    for record in records:
        entries = work.known.get(record.key)
        if not entries:
            fresh.append(record)
            continue
        mine = entries.get(work.source)
        ids[record.key] = next(iter(entries.values())).row_id
        if mine is None:
            _recognise(work, record, ids[record.key], row_of)
        elif mine.content_hash in _hashes(record):
            work.summary.of(kind).unchanged += 1
        else:
            _change(work, mine, record, row_of)
    ids.update(_insert(work, kind, fresh, row_of))
    return ids


def _hash(record: Record) -> str:
    return _hashes(record)[0]


def _hashes(record: Record) -> tuple[str, ...]:
    """As the ledger may hold it. A patient's is keyed: who knew the rest could find the national id by trying all."""
    plain = record.content_hash()
    return sealed.keyed_hashes(plain, purpose="imported patient") if record.kind == "patient" else (plain,)


def _insert(work: Work, kind: str, records: list[Record], row_of: RowOf) -> dict[str, int]:
    if not records:
        return {}
    table = MODELS[kind].__tablename__
    rows = [row_of(record) for record in records]
    first = databases.current().adapter.loading.reserve_ids(work.session.connection(), table, len(rows))
    columns = tuple(rows[0])
    # Bulk INSERT spends most of its time on placeholders: COPY takes half as long.
    numbered = ((row_id, *(row[name] for name in columns)) for row_id, row in enumerate(rows, start=first))
    ledger.copy_rows(work.session, table, ("id", *columns), numbered)
    ids = {record.key: row_id for row_id, record in enumerate(records, start=first)}
    ledger.add(work.session, [Entry(work.source, r.key, kind, ids[r.key], _hash(r)) for r in records])
    work.written.setdefault(kind, []).extend(ids.values())
    work.summary.of(kind).new += len(records)
    return ids


def _change(work: Work, entry: Entry, record: Record, row_of: RowOf) -> None:
    if _update(work.session, record.kind, entry.row_id, row_of(record)):
        ledger.change(work.session, entry, _hash(record))
        work.written.setdefault(record.kind, []).append(entry.row_id)
        work.summary.of(record.kind).updated += 1
    else:
        work.summary.refuse(record.kind, record.place, ARCHIVED)


def _update(session: Session, kind: str, row_id: int, row: dict[str, Any]) -> bool:
    table = table_of(kind)
    if "version" in table.c:
        row = {**row, "version": table.c.version + 1}
    changed = session.execute(update(table).where(table.c.id == row_id).values(**row).returning(table.c.id))
    return changed.first() is not None


def _recognise(work: Work, record: Record, row_id: int, row_of: RowOf) -> None:
    entry = Entry(work.source, record.key, record.kind, row_id, _hash(record))
    ledger.add(work.session, [entry])
    filled = _missing_columns(work.session, record, row_id, row_of)
    if filled:
        _update(work.session, record.kind, row_id, filled)
        work.summary.of(record.kind).updated += 1
    else:
        work.summary.of(record.kind).unchanged += 1


def _missing_columns(session: Session, record: Record, row_id: int, row_of: RowOf) -> dict[str, Any]:
    """What this format tells and our row lacks; nothing if the row is archived."""
    names = FILLED_BY_ANOTHER_FORMAT.get(record.kind, ())
    offered = {name: value for name, value in row_of(record).items() if name in names and value is not None}
    if not offered:
        return {}
    table = table_of(record.kind)
    current = session.execute(select(table).where(table.c.id == row_id)).mappings().first()
    return {name: value for name, value in offered.items() if current is not None and current[name] is None}
