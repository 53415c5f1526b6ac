"""The import ledger: which source row became which row of ours.

A row of CSV has an entry under a key made of what it is about. A FHIR resource has one under its own id and source, so
that a later version finds it whatever has changed, and, if its patient is the same in every format, a second one under
the CSV's key, whose `content_hash` names the id that holds it. So a row known from one format is recognised in the
other, and either format may be imported again without effect. Besides, a visit has an entry under each format's own id
for it, so that later files can name it, and a patient has one for the shift of its dates, and one for each identifier.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.engines.copy_text import line
from core.engines.functions import any_word_of
from core.interchange import shift
from core.interchange.source_rows import key_in
from core.models import Base, ImportedRow
from core.stores import databases

RETRACTED = "retracted"
# Of an identifier: several patients came with it.
SHARED = "shared"
PATIENT = "|patient"
FORMATS = ("synthea", "fhir", "generate")
KEYS_A_QUERY = 5_000
COLUMNS = ("source", "source_key", "ref_type", "row_id", "content_hash")
COLUMNS_READ = tuple(ImportedRow.__table__.c[name] for name in COLUMNS)


class Entry(NamedTuple):
    """One line of the ledger, as COLUMNS has it; of a visit's own id, `content_hash` holds the stamp of its start."""

    source: str
    key: str
    ref_type: str
    row_id: int
    content_hash: str


def patient_key(source_id: str) -> str:
    """The key of a patient's entry."""
    return f"{source_id}{PATIENT}"


def held_by(id_key: str) -> str:
    """What stands as the hash of a second entry: the id that holds it."""
    return f"id:{hashlib.sha256(id_key.encode()).hexdigest()[:60]}"


def visit_id_key(source_id: str) -> str:
    """The key under which a visit is known by a format's own id."""
    return f"encounter-id|{source_id}"


def find(session: Session, keys: Collection[str]) -> dict[str, dict[str, Entry]]:
    """Entries of all formats by key, then format."""
    found: dict[str, dict[str, Entry]] = {}
    for part in _parts(keys):
        query = select(*COLUMNS_READ).where(ImportedRow.source.in_(FORMATS), any_word_of(ImportedRow.source_key, part))
        for row in session.execute(query):
            entry = Entry(*row)
            found.setdefault(entry.key, {})[entry.source] = entry
    for name, entry in _named(session, (key.removesuffix(PATIENT) for key in keys)).items():
        found[patient_key(name)] = {entry.source: entry}
    return found


def shifts(session: Session, patients: Collection[str]) -> dict[str, int]:
    """By how many days the dates of each known patient were moved."""
    found: dict[str, int] = {}
    for part in _parts(patients):
        query = select(ImportedRow.source_key, ImportedRow.content_hash)
        query = query.where(ImportedRow.source == shift.SOURCE, any_word_of(ImportedRow.source_key, part))
        found.update({key: shift.decode(kept) for key, kept in session.execute(query)})
    found.update({name: shift.decode(entry.content_hash) for name, entry in _named(session, patients).items()})
    return found


def add(session: Session, entries: Iterable[Entry]) -> None:
    """Write new entries, in bulk: they are as many as the rows they speak of."""
    copy_rows(session, ImportedRow.__tablename__, COLUMNS, entries)


def change(session: Session, entry: Entry, content_hash: str) -> None:
    """Keep the hash of what a source row says now."""
    mine = (ImportedRow.source == entry.source, ImportedRow.source_key == entry.key)
    session.execute(update(ImportedRow).where(*mine).values(content_hash=content_hash))


def copy_rows(session: Session, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Bulk-load rows in the session's transaction."""
    chunk = "".join(map(line, rows)).encode()
    if chunk:
        databases.current().adapter.loading.copy_in(session.connection(), Base.metadata.tables[table], columns, [chunk])


def replace(session: Session, entry: Entry, row_id: int, content_hash: str, ref_type: str) -> None:
    """Let an entry speak of another row."""
    mine = (ImportedRow.source == entry.source, ImportedRow.source_key == entry.key)
    values = {"row_id": row_id, "content_hash": content_hash, "ref_type": ref_type}
    session.execute(update(ImportedRow).where(*mine).values(**values))


def holders(session: Session, keys: Collection[str]) -> dict[str, Entry]:
    """The entry of the patient who first came with each identifier; its hash has the days, or tells of several."""
    found: dict[str, Entry] = {}
    for part in _parts(keys):
        query = select(*COLUMNS_READ).where(ImportedRow.source == ImportedRow.IDENTIFIER)
        for row in session.execute(query.where(any_word_of(ImportedRow.source_key, part))):
            found[row.source_key] = Entry(*row)
    return found


def _named(session: Session, patients: Iterable[str]) -> dict[str, Entry]:
    """The patients of earlier imports whom an identifier names that nobody else has, by what stands for them."""
    named = {key: name for name in patients if (key := key_in(name)) is not None}
    found = holders(session, named)
    return {named[key]: entry for key, entry in found.items() if shift.is_encoded(entry.content_hash)}


def _parts(keys: Collection[str]) -> Iterator[list[str]]:
    ordered = sorted(set(keys))
    for start in range(0, len(ordered), KEYS_A_QUERY):
        yield ordered[start : start + KEYS_A_QUERY]
