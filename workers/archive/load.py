"""Load: bulk-copy a batch's staged files to its archive server, in one transaction there."""

from __future__ import annotations

from sqlalchemy import Connection, Table, delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.archiving import failpoints
from core.models import ArchiveRun, Batch
from core.models.record_types import BATCH_COLUMN, RECORD_TYPES, archive_table
from core.staging import object_store
from core.staging.contract import ObjectStore
from core.stores import databases
from workers.archive import drift, lease
from workers.archive.retry_policy import Mismatch, Overlap
from workers.archive.selection import tables_of
from workers.archive.staged_files import StagedTable, read_complete_manifest, read_table


def load(session: Session, batch: Batch, _run: ArchiveRun) -> int:
    """Copy the batch in. Repeatable. Raises Overlap, Mismatch, ColumnsChanged, SchemaDrift, Busy."""
    drift.check(session, RECORD_TYPES[batch.record_type])
    store = object_store()
    manifest = read_complete_manifest(store, batch)
    with lease.archive_write(session, batch, RECORD_TYPES[batch.record_type].server) as archive:
        for table in tables_of(batch):
            _load_table(archive, store, batch, table, manifest[table.name])
            failpoints.hit("load.table_loaded")
        failpoints.hit("load.before_archive_commit")
    failpoints.hit("load.after_archive_commit")
    return sum(table.rows for table in manifest.values())


def _load_table(archive: Connection, store: ObjectStore, batch: Batch, table: Table, staged: StagedTable) -> None:
    """Replace this batch's earlier copies. Those of other batches stay: another batch may own its copies by now."""
    copies = archive_table(table)
    archive.execute(delete(copies).where(copies.c[BATCH_COLUMN] == batch.id))
    try:
        rows = copy_staged(archive, store, batch, table, staged, into=copies)
    except IntegrityError as clash:
        raise Overlap(f"another batch has copies of rows of {table.name} that this one staged") from clash
    if rows != staged.rows:
        raise Mismatch(f"{table.name}: {staged.rows} rows staged, {rows} loaded")


def copy_staged(
    connection: Connection, store: ObjectStore, batch: Batch, table: Table, staged: StagedTable, *, into: Table
) -> int:
    """Copy a staged table into a table with the archive's columns. Returns the rows. Raises Mismatch."""
    columns = [*staged.columns, BATCH_COLUMN]
    return databases.current().adapter.loading.copy_in(
        connection, into, columns, read_table(store, batch, table.name, staged)
    )
