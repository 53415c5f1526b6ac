"""Load: bulk-copy a batch's staged files to its archive server, in one transaction there."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, Table, text
from sqlalchemy.orm import Session

from core import db, failpoints
from core.db import Store
from core.models import ArchiveRun, Batch
from core.models.record_types import BATCH_COLUMN, RECORD_TYPES
from core.staging import ObjectStore, object_store
from workers.archive.batches import Mismatch, StagedTable, read_lines, read_manifest


def load(_session: Session, batch: Batch, _run: ArchiveRun) -> int:
    """Copy the batch in. Repeatable: an earlier copy of these rows is replaced, for the primary owns them still."""
    record_type = RECORD_TYPES[batch.record_type]
    store = object_store()
    manifest = read_manifest(store, batch)
    engine = db.databases().engine(Store(record_type.server), read_only=False)
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        rows = sum(_load_table(connection, store, batch, table, manifest[table.name]) for table in record_type.tables)
        failpoints.hit("load.before_archive_commit")
    failpoints.hit("load.after_archive_commit")
    return rows


def _load_table(connection: Connection, store: ObjectStore, batch: Batch, table: Table, staged: StagedTable) -> int:
    columns = [*table.columns.keys(), BATCH_COLUMN]
    incoming = f"incoming_{table.name}"
    connection.execute(text(f"CREATE TEMP TABLE {incoming} (LIKE {table.name}) ON COMMIT DROP"))
    lines = read_lines(store, batch, staged)
    rows = db.databases().adapter.copy_in(connection, incoming, columns, _with_batch(lines, batch.id))
    if rows != staged.rows:
        raise Mismatch(f"{table.name}: {staged.rows} rows staged, {rows} loaded")
    stale = f"batch_id = :batch OR id IN (SELECT id FROM {incoming})"
    connection.execute(text(f"DELETE FROM {table.name} WHERE {stale}"), {"batch": batch.id})
    connection.execute(text(f"INSERT INTO {table.name} SELECT * FROM {incoming}"))
    failpoints.hit("load.table_loaded")
    return rows


def _with_batch(lines: Iterator[bytes], batch_id: int) -> Iterator[bytes]:
    """Each line with the batch's id in place of the content hash, its last field."""
    ending = b"\t%d\n" % batch_id
    for line in lines:
        yield line[: line.rindex(b"\t")] + ending
