"""Load: bulk-copy a batch's staged files to its archive server, in one transaction there."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, Table, text
from sqlalchemy.orm import Session

from core import db, failpoints
from core.models import ArchiveRun, Batch
from core.models.record_types import BATCH_COLUMN, RECORD_TYPES
from core.staging import ObjectStore, object_store
from workers.archive import drift, lease
from workers.archive.faults import Mismatch
from workers.archive.files import StagedTable, read_lines, read_manifest
from workers.archive.selection import tables_of


def load(session: Session, batch: Batch, _run: ArchiveRun) -> int:
    """Copy the batch in. Repeatable: an earlier copy of these rows is replaced, for the primary owns them still."""
    drift.check(session, RECORD_TYPES[batch.record_type])
    store = object_store()
    manifest = read_manifest(store, batch)
    with lease.archive_write(session, batch, RECORD_TYPES[batch.record_type].server) as archive:
        rows = sum(_load_table(archive, store, batch, table, manifest[table.name]) for table in tables_of(batch))
        failpoints.hit("load.before_archive_commit")
    failpoints.hit("load.after_archive_commit")
    return rows


def _load_table(archive: Connection, store: ObjectStore, batch: Batch, table: Table, staged: StagedTable) -> int:
    columns = [*table.columns.keys(), BATCH_COLUMN]
    incoming = f"incoming_{table.name}"
    archive.execute(text(f"CREATE TEMP TABLE {incoming} (LIKE {table.name}) ON COMMIT DROP"))
    lines = read_lines(store, batch, staged)
    rows = db.databases().adapter.copy_in(archive, incoming, columns, _with_batch(lines, batch.id))
    if rows != staged.rows:
        raise Mismatch(f"{table.name}: {staged.rows} rows staged, {rows} loaded")
    stale = f"batch_id = :batch OR id IN (SELECT id FROM {incoming})"
    archive.execute(text(f"DELETE FROM {table.name} WHERE {stale}"), {"batch": batch.id})
    archive.execute(text(f"INSERT INTO {table.name} SELECT * FROM {incoming}"))
    failpoints.hit("load.table_loaded")
    return rows


def _with_batch(lines: Iterator[bytes], batch_id: int) -> Iterator[bytes]:
    """Each line with the batch's id in place of the content hash, its last field."""
    ending = b"\t%d\n" % batch_id
    for line in lines:
        yield line[: line.rindex(b"\t")] + ending
