"""Stage: write a batch's rows, as one snapshot of the primary has them, to the object store."""

from __future__ import annotations

from sqlalchemy import Table, text
from sqlalchemy.orm import Session

from core import db, failpoints
from core.db import Store
from core.models import ArchiveRun, Batch, BatchKind
from core.models.record_types import RECORD_TYPES
from core.staging import ObjectStore, object_store
from workers.archive import selection, stragglers
from workers.archive.files import StagedTable, new_folder, table_key, write_lines, write_manifest
from workers.archive.selection import Selection


def stage(_session: Session, batch: Batch, run: ArchiveRun) -> int:
    """Write the batch's files and manifest, and note counts and hash on `batch`. Repeatable. Returns the rows."""
    store, folder = object_store(), new_folder(batch)
    with db.read(Store.HOT) as snapshot:
        snapshot.execute(text("SET LOCAL statement_timeout = 0"))
        chosen = _choose(snapshot, batch, run)
        tables = [_stage_table(snapshot, store, folder, chosen, table) for table in selection.tables_of(batch)]
    failpoints.hit("stage.before_manifest")
    batch.content_hash = write_manifest(store, batch, folder, tables)
    failpoints.hit("stage.after_manifest")
    batch.staged_key = folder
    batch.roots = tables[0].rows if batch.kind == BatchKind.ROOTS else 0
    batch.rows = sum(table.rows for table in tables)
    return batch.rows


def _choose(snapshot: Session, batch: Batch, run: ArchiveRun) -> Selection:
    if batch.kind == BatchKind.ROOTS:
        return selection.of_range(batch, run)
    return selection.of_ids(RECORD_TYPES[batch.record_type], list(stragglers.archived_roots(snapshot, batch)))


def _stage_table(snapshot: Session, store: ObjectStore, folder: str, chosen: Selection, table: Table) -> StagedTable:
    adapter, connection = db.databases().adapter, snapshot.connection()
    columns = table.columns.keys()
    listed = ", ".join(f"t.{name}" for name in columns)
    query = f"SELECT {listed}, {adapter.row_hash(table, columns, 't')} {chosen.rows(table)} ORDER BY t.id"
    with store.create(table_key(folder, table.name)) as file, adapter.copy_out(connection, query) as lines:
        rows, sha256 = write_lines(file, lines)
    failpoints.hit("stage.table_written")
    return StagedTable(table.name, rows, sha256)
