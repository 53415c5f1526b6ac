"""Erasure in the archives and in staged files, after core/services/erasure.py has erased the primary's rows."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import Session

from core import audit
from core.audit import departed_rows
from core.engines.functions import any_of
from core.models import Batch, BatchKind, Erasure, utc_now
from core.models.record_types import ARCHIVE_METADATA, BATCH_COLUMN, LOG, RECORD_TYPES, ROOT_COLUMNS, RecordType
from core.services.erasure import forget_imports
from core.staging import attachments, object_store
from core.staging.contract import StagedMissing, StagingError
from core.stores import databases
from core.stores.databases import Store
from workers.archive.expire import SETTLED, remove_staged
from workers.archive.retry_policy import Mismatch
from workers.archive.staged_files import read_manifest, read_table

log = logging.getLogger(__name__)

# Access events stay: they say who looked, and nothing of what was seen.
ERASED_TYPES = tuple(record_type for record_type in RECORD_TYPES.values() if record_type is not LOG)


class StagedLeft(Exception):
    """Staged files with the patient's rows could not be removed; the erasure is tried again."""


def erase(erasure_id: int) -> str:
    """Finish an erasure; a job, safe to repeat. Raises whatever stops it, so that the job is tried again."""
    with databases.read(Store.HOT) as session:
        erasure = session.get_one(Erasure, erasure_id)
    if erasure.archives_at is None:
        for record_type in ERASED_TYPES:
            _erase_archived(erasure, record_type)
        _note(erasure_id, "archives_at")
    if erasure.staged_at is None:
        _erase_staged(erasure.patient_id)
        attachments.forget(erasure.patient_id)
        _note(erasure_id, "staged_at")
        with databases.write() as session:
            audit.record(
                session, "patient.erased", by=None, patient_id=erasure.patient_id, target=f"erasure:{erasure_id}"
            )
    return f"patient {erasure.patient_id} is erased"


def _note(erasure_id: int, column: str) -> None:
    with databases.write() as session:
        setattr(session.get_one(Erasure, erasure_id, with_for_update=True), column, utc_now())


def _erase_archived(erasure: Erasure, record_type: RecordType) -> None:
    """Delete the patient's copies from an archive server, and note in their batches how many rows departed."""
    engine = databases.current().engine(Store(record_type.server), read_only=False)
    with engine.begin() as archive:
        databases.current().adapter.limits.make_room(archive)
        found = Session(archive)
        erased, by_batch = _delete_copies(found, record_type, erasure.patient_id)
        with databases.write() as session:
            forget_imports(session, erased)
            kept = session.get_one(Erasure, erasure.id, with_for_update=True)
            kept.rows += sum(map(len, erased.values()))
            for batch_id, rows in by_batch.items():
                batch = session.get(Batch, batch_id, with_for_update=True)
                if batch is not None:
                    batch.departed_rows += rows


def _delete_copies(
    archive: Session, record_type: RecordType, patient_id: int
) -> tuple[dict[str, list[int]], dict[int, int]]:
    tables = ARCHIVE_METADATA[record_type.server].tables
    root = tables[record_type.root.name]
    roots = list(archive.scalars(select(root.c.id).where(root.c[record_type.patient_column] == patient_id)))
    erased: dict[str, list[int]] = {}
    by_batch: dict[int, int] = {}
    for name in reversed([table.name for table in record_type.tables]):
        table = tables[name]
        mine: list[ColumnElement[bool]] = [any_of(table.c[ROOT_COLUMNS[name]], roots)]
        if "patient_id" in table.c:
            mine.append(table.c.patient_id == patient_id)
        departed_rows.note(archive.connection(), record_type, table, or_(*mine))
        gone = archive.execute(delete(table).where(or_(*mine)).returning(table.c.id, table.c[BATCH_COLUMN])).all()
        erased[name] = [row_id for row_id, _ in gone]
        for _, batch_id in gone:
            by_batch[batch_id] = by_batch.get(batch_id, 0) + 1
    departed_rows.forget_emptied(archive.connection(), record_type, by_batch)
    return erased, by_batch


def _erase_staged(patient_id: int) -> None:
    """Remove the staged files of every batch that has a row of the patient. Raises StagedLeft."""
    with databases.read(Store.HOT) as session:
        kinds = [record_type.name for record_type in ERASED_TYPES]
        staged = select(Batch).where(
            Batch.record_type.in_(kinds), Batch.staged_key.is_not(None), Batch.expired_at.is_(None)
        )
        batches = session.scalars(staged.where(Batch.kind != BatchKind.RESTORE).order_by(Batch.id)).all()
    left = [batch.id for batch in batches if _has_rows_of(batch, patient_id) and not _remove(batch)]
    if left:
        raise StagedLeft(f"staged files of batches {left} are still there")


def _remove(batch: Batch) -> bool:
    return batch.state in SETTLED and remove_staged(batch.id)


def _has_rows_of(batch: Batch, patient_id: int) -> bool:
    """Whether the staged files must go: they have a row of the patient, or can't be read to tell."""
    try:
        return any(_is_in(lines, patient_id) for lines in _patients(batch))
    except StagedMissing:
        return False
    except (StagingError, Mismatch) as fault:
        log.warning("batch %s: its staged files can't be read and go: %s", batch.id, fault)
        return True


def _is_in(patients: Iterator[bytes], patient_id: int) -> bool:
    wanted = b"%d" % patient_id
    return any(patient == wanted for patient in patients)


def _patients(batch: Batch) -> Iterator[Iterator[bytes]]:
    """The patient of each staged row, table by table. A table without a patient moves with a root that has one."""
    store = object_store()
    manifest = read_manifest(store, batch)
    for table in RECORD_TYPES[batch.record_type].tables:
        if table.name in manifest and "patient_id" in table.c:
            staged = manifest[table.name]
            yield _column(read_table(store, batch, table.name, staged), staged.columns.index("patient_id"))


def _column(chunks: Iterator[bytes], place: int) -> Iterator[bytes]:
    """One column of COPY's text, where a tab or a newline inside a value is escaped."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.split(b"\t", place + 1)[place]
