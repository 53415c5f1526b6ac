"""Stage: write a batch's rows, as one snapshot of the primary has them, to the object store."""

from __future__ import annotations

from sqlalchemy import Table, text
from sqlalchemy.orm import Session

from core import db, failpoints
from core.db import Store
from core.models import ArchiveRun, Batch
from core.staging import ObjectStore, object_store
from workers.archive.batches import Selection, StagedTable, key, selection, write_lines, write_manifest


def stage(_session: Session, batch: Batch, run: ArchiveRun) -> int:
    """Write the batch's files and manifest, and note counts and hash on `batch`. Repeatable. Returns the rows."""
    chosen = selection(batch, run.cutoff_at)
    store = object_store()
    with db.read(Store.HOT) as snapshot:
        snapshot.execute(text("SET LOCAL statement_timeout = 0"))
        tables = [_stage_table(snapshot, store, batch, chosen, table) for table in chosen.record_type.tables]
    failpoints.hit("stage.before_manifest")
    batch.content_hash = write_manifest(store, batch, tables)
    failpoints.hit("stage.after_manifest")
    batch.staged_key = key(batch, "")
    batch.roots, batch.rows = tables[0].rows, sum(table.rows for table in tables)
    return batch.rows


def _stage_table(snapshot: Session, store: ObjectStore, batch: Batch, chosen: Selection, table: Table) -> StagedTable:
    adapter, connection = db.databases().adapter, snapshot.connection()
    columns = table.columns.keys()
    listed = ", ".join(f"t.{name}" for name in columns)
    query = f"SELECT {listed}, {adapter.row_hash(table, columns, 't')} {chosen.rows(table)} ORDER BY t.id"
    with store.create(key(batch, f"{table.name}.zst")) as file, adapter.copy_out(connection, query) as lines:
        rows, sha256 = write_lines(file, lines)
    failpoints.hit("stage.table_written")
    return StagedTable(table.name, rows, sha256)
