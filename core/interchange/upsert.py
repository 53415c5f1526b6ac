"""Rows of one table kept by the ledger: new ones inserted in bulk, changed ones updated, known ones left alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Table, delete, select, update
from sqlalchemy.orm import Session

from core import audit
from core.interchange import ledger
from core.interchange.ledger import Entry
from core.interchange.source_rows import Record
from core.interchange.summary import Summary
from core.models import (
    Allergy,
    Base,
    Clinic,
    Condition,
    Note,
    Observation,
    Patient,
    Practitioner,
    Prescription,
    SensitiveVisit,
    Statement,
    Visit,
)
from core.picture import upkeep as picture
from core.sealing import sealed
from core.services import corrections
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
    "statement": Statement,
}
FILLED_BY_ANOTHER_FORMAT = {
    "clinic": ("address",),
    "practitioner": ("speciality",),
    "patient": ("phone", "language", "address", "national_id_sealed", "national_id_hash"),
    "prescription": ("dose", "frequency", "route", "instructions", "reason"),
}
ARCHIVED = "it has changed, but our row is archived: restore it first (strata archive restore)"

RowOf = Callable[[Record], dict[str, Any]]
Known = dict[str, dict[str, Entry]]


@dataclass(frozen=True, slots=True)
class Work:
    """One transaction of an import: the format, what the ledger knows of its keys, and what it has done so far.

    `newcomers` are the ids of new patients; `measured` the ids of added and changed observations by patient; `visits`
    those of the visits that added and changed rows belong to; `attached` the files of notes by patient; `apart` the
    visits that are kept apart, with patient and reason, since a source labels what was added or changed.
    """

    session: Session
    source: str
    known: Known
    summary: Summary
    newcomers: list[int] = field(default_factory=list)
    measured: dict[int, list[int]] = field(default_factory=dict)
    visits: set[int] = field(default_factory=set)
    attached: dict[int, list[Path]] = field(default_factory=dict)
    apart: dict[int, tuple[int, str]] = field(default_factory=dict)


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
        entries = work.known.get(record.key) or _elsewhere(work, record)
        if not entries:
            fresh.append(record)
        elif (row_id := _keep_known(work, record, entries, row_of)) is not None:
            ids[record.key] = row_id
    ids.update(_insert(work, kind, fresh, row_of))
    return ids


def _keep_known(work: Work, record: Record, entries: Mapping[str, Entry], row_of: RowOf) -> int | None:
    """Bring a known row up to date; gives its id, None if it can't be had any more."""
    mine = entries.get(work.source)
    row_id = next(iter(entries.values())).row_id
    if mine is None or mine.key != record.key:
        _recognise(work, record, row_id, row_of)
    elif mine.content_hash in _hashes(record):
        work.summary.of(record.kind).unchanged += 1
    elif record.ends_known:
        _end_known(work, mine, record)
    elif mine.content_hash == ledger.RETRACTED or mine.ref_type != record.kind:
        return _put_anew(work, mine, record, row_of)
    else:
        _change(work, mine, record, row_of)
    return row_id


def _elsewhere(work: Work, record: Record) -> Mapping[str, Entry] | None:
    """The entries of a row that another format brought, unless another id of this format holds it."""
    entries = work.known.get(record.other_key) if record.other_key else None
    mine = entries.get(work.source) if entries else None
    return None if mine is not None and mine.content_hash.startswith("id:") else entries


def _end_known(work: Work, entry: Entry, record: Record) -> None:
    """Take away the row of a resource that another one stands for by now."""
    if entry.content_hash == ledger.RETRACTED:
        work.summary.of(record.kind).unchanged += 1
    elif end(work.session, entry):
        ledger.change(work.session, entry, ledger.RETRACTED)
        work.summary.of(record.kind).updated += 1
        work.summary.ended += 1
    else:
        work.summary.refuse(record.kind, record.place, ARCHIVED)


def _put_anew(work: Work, entry: Entry, record: Record, row_of: RowOf) -> int | None:
    """A row for a resource that was taken back and is there again, or that says something of another kind now."""
    if entry.content_hash != ledger.RETRACTED and not end(work.session, entry):
        work.summary.refuse(record.kind, record.place, ARCHIVED)
        return None
    row_id = _write(work, record.kind, [row_of(record)])
    ledger.replace(work.session, entry, row_id, _hash(record), record.kind)
    work.summary.of(record.kind).updated += 1
    return row_id


def end(session: Session, entry: Entry) -> bool:
    """Take a row away that its source takes back; a visit's rows stay. An archived row counts no longer, but for a
    visit: False of that, of one kept apart, and while the archive is silent.
    """
    if entry.ref_type == "visit" and session.get(SensitiveVisit, entry.row_id) is not None:
        return False
    table = table_of(entry.ref_type)
    columns = [table.c[name] for name in ("id", "patient_id") if name in table.c]
    gone = session.execute(delete(table).where(table.c.id == entry.row_id).returning(*columns)).first()
    if gone is None:
        return entry.ref_type != "visit" and corrections.take_back(session, ref=f"{table.name}:{entry.row_id}")
    audit.record(session, "import.retracted", by=None, target=f"{table.name}:{entry.row_id}")
    if entry.ref_type == "observation":
        picture.refresh(session, gone.patient_id, observation_ids=[entry.row_id])
    if entry.ref_type == "visit":
        _leave_without_visit(session, gone.patient_id, entry.row_id)
    return True


def _leave_without_visit(session: Session, patient_id: int, visit_id: int) -> None:
    for kind in ("note", "observation", "condition", "prescription", "statement"):
        table = table_of(kind)
        mine = update(table).where(table.c.visit_id == visit_id)
        left = session.scalars(mine.values(visit_id=None, version=table.c.version + 1).returning(table.c.id)).all()
        if kind == "observation" and left:
            picture.refresh(session, patient_id, observation_ids=left)


def _hash(record: Record) -> str:
    return _hashes(record)[0]


def _hashes(record: Record) -> tuple[str, ...]:
    """As the ledger may hold it. A patient's is keyed: who knew the rest could find the national id by trying all."""
    plain = record.content_hash()
    return sealed.keyed_hashes(plain, purpose="imported patient") if record.kind == "patient" else (plain,)


def _insert(work: Work, kind: str, records: list[Record], row_of: RowOf) -> dict[str, int]:
    if not records:
        return {}
    first = _write(work, kind, [row_of(record) for record in records])
    ids = {record.key: row_id for row_id, record in enumerate(records, start=first)}
    entries = [Entry(work.source, r.key, kind, ids[r.key], _hash(r)) for r in records]
    ledger.add(work.session, [*entries, *_second_entries(work, records, ids)])
    work.summary.of(kind).new += len(records)
    return ids


def _second_entries(work: Work, records: Sequence[Record], ids: Mapping[str, int]) -> list[Entry]:
    """What lets another format know these rows."""
    return [
        Entry(work.source, r.other_key, r.kind, ids[r.key], ledger.held_by(r.key))
        for r in records
        if r.other_key and work.source not in work.known.get(r.other_key, {})
    ]


def _write(work: Work, kind: str, rows: list[dict[str, Any]]) -> int:
    """Insert rows; gives the id of the first, the others follow."""
    table = MODELS[kind].__tablename__
    first = databases.current().adapter.loading.reserve_ids(work.session.connection(), table, len(rows))
    # A row may lack what others have, such as `said`.
    columns = tuple(dict.fromkeys(name for row in rows for name in row))
    # Bulk INSERT spends most of its time on placeholders: COPY takes half as long.
    numbered = ((row_id, *[row.get(name) for name in columns]) for row_id, row in enumerate(rows, start=first))
    ledger.copy_rows(work.session, table, ("id", *columns), numbered)
    work.visits.update(row["visit_id"] for row in rows if row.get("visit_id") is not None)
    if kind == "patient":
        work.newcomers.extend(range(first, first + len(rows)))
    elif kind == "observation":
        for row_id, row in enumerate(rows, start=first):
            work.measured.setdefault(row["patient_id"], []).append(row_id)
    return first


def _change(work: Work, entry: Entry, record: Record, row_of: RowOf) -> None:
    row = row_of(record)
    before = _patient_of(work.session, entry.row_id) if record.kind == "observation" else None
    if _update(work.session, record.kind, entry.row_id, row):
        if before is not None and before != row["patient_id"]:
            picture.refresh(work.session, before, observation_ids=[entry.row_id])
        ledger.change(work.session, entry, _hash(record))
        if row.get("visit_id") is not None:
            work.visits.add(row["visit_id"])
        if record.kind == "observation":
            work.measured.setdefault(row["patient_id"], []).append(entry.row_id)
        work.summary.of(record.kind).updated += 1
    else:
        work.summary.refuse(record.kind, record.place, ARCHIVED)


def _patient_of(session: Session, observation_id: int) -> int | None:
    return session.scalar(select(Observation.patient_id).where(Observation.id == observation_id))


def _update(session: Session, kind: str, row_id: int, row: dict[str, Any]) -> bool:
    table = table_of(kind)
    if "version" in table.c:
        row = {**row, "version": table.c.version + 1}
    changed = session.execute(update(table).where(table.c.id == row_id).values(**row).returning(table.c.id))
    return changed.first() is not None


def _recognise(work: Work, record: Record, row_id: int, row_of: RowOf) -> None:
    entries = [Entry(work.source, record.key, record.kind, row_id, _hash(record))]
    legacy = work.known.get(record.other_key, {}).get(work.source) if record.other_key else None
    if legacy is not None:
        ledger.change(work.session, legacy, ledger.held_by(record.key))
    else:
        entries += _second_entries(work, [record], {record.key: row_id})
    ledger.add(work.session, entries)
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
