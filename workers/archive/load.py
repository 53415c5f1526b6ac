"""Load: bulk-copy a batch's staged files to its archive server, in one transaction there."""

from __future__ import annotations

from sqlalchemy import Connection, Table, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import db, failpoints
from core.models import ArchiveRun, Batch
from core.models.record_types import BATCH_COLUMN, RECORD_TYPES
from core.staging import ObjectStore, object_store
from workers.archive import drift, lease
from workers.archive.faults import Mismatch
from workers.archive.files import StagedTable, read_manifest, read_table
from workers.archive.selection import tables_of


def load(session: Session, batch: Batch, _run: ArchiveRun) -> int:
    """Copy the batch in. Repeatable: an earlier copy of these rows is replaced, for the primary owns them still."""
    drift.check(session, RECORD_TYPES[batch.record_type])
    store = object_store()
    manifest = read_manifest(store, batch)
    with lease.archive_write(session, batch, RECORD_TYPES[batch.record_type].server) as archive:
        for table in tables_of(batch):
            _load_table(archive, store, batch, table, manifest[table.name])
            failpoints.hit("load.table_loaded")
        failpoints.hit("load.before_archive_commit")
    failpoints.hit("load.after_archive_commit")
    return sum(table.rows for table in manifest.values())


def _load_table(archive: Connection, store: ObjectStore, batch: Batch, table: Table, staged: StagedTable) -> None:
    archive.execute(text(f"DELETE FROM {table.name} WHERE {BATCH_COLUMN} = :batch"), {"batch": batch.id})
    try:
        with archive.begin_nested():
            rows = copy_staged(archive, store, batch, table, staged, into=table.name)
    except IntegrityError:
        rows = _replace(archive, store, batch, table, staged)
    if rows != staged.rows:
        raise Mismatch(f"{table.name}: {staged.rows} rows staged, {rows} loaded")


def copy_staged(
    connection: Connection, store: ObjectStore, batch: Batch, table: Table, staged: StagedTable, *, into: str
) -> int:
    """Copy a staged table into a table with the archive's columns. Returns the rows. Raises Mismatch."""
    columns = [*table.columns.keys(), BATCH_COLUMN]
    return db.databases().adapter.copy_in(connection, into, columns, read_table(store, batch, table.name, staged))


def _replace(archive: Connection, store: ObjectStore, batch: Batch, table: Table, staged: StagedTable) -> int:
    """The same where an earlier batch left copies of these rows: they are nobody's, and go."""
    incoming = f"incoming_{table.name}"
    archive.execute(text(f"CREATE TEMP TABLE {incoming} (LIKE {table.name}) ON COMMIT DROP"))
    rows = copy_staged(archive, store, batch, table, staged, into=incoming)
    archive.execute(text(f"DELETE FROM {table.name} WHERE id IN (SELECT id FROM {incoming})"))
    archive.execute(text(f"INSERT INTO {table.name} SELECT * FROM {incoming}"))
    return rows
