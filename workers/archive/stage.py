"""Stage: write a batch's rows, as one snapshot of the primary has them, to the object store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from sqlalchemy import BigInteger, Column, Select, Table, insert, literal, select
from sqlalchemy.orm import Session

from core.archiving import failpoints, hashes
from core.models import ArchiveRun, Batch, BatchKind
from core.models.hashed_columns import newest_version
from core.models.record_types import BATCH_COLUMN, RECORD_TYPES
from core.staging import object_store
from core.staging.contract import ObjectStore
from core.stores import databases
from core.stores.databases import Store
from workers.archive import selection, stragglers
from workers.archive.selection import Selection
from workers.archive.staged_files import StagedTable, new_folder, write_manifest, write_table


class Target(NamedTuple):
    """Where one attempt at staging a batch writes."""

    store: ObjectStore
    folder: str
    batch_id: int


def stage(_session: Session, batch: Batch, run: ArchiveRun) -> int:
    """Write the batch's files and manifest, and note counts and hash on `batch`. Repeatable. Returns the rows."""
    store, folder = object_store(), new_folder(batch)
    with _snapshot() as snapshot:
        chosen = _choose(snapshot, batch, run)
        tables = {
            table.name: _stage_table(snapshot, Target(store, folder, batch.id), table, chosen.rows(table))
            for table in selection.tables_of(batch)
        }
    failpoints.hit("stage.before_manifest")
    batch.content_hash = write_manifest(store, batch, folder, tables)
    failpoints.hit("stage.after_manifest")
    batch.staged_key, batch.staging_key_id = folder, store.key_id
    batch.roots = tables[chosen.record_type.root.name].rows if batch.kind == BatchKind.ROOTS else 0
    batch.rows = sum(table.rows for table in tables.values())
    return batch.rows


@contextmanager
def _snapshot() -> Iterator[Session]:
    """One snapshot of the primary, in which temporary tables can be made; nothing is committed."""
    servers = databases.current()
    engine = servers.engine(Store.HOT, read_only=False)
    with Session(engine.execution_options(isolation_level=servers.adapter.snapshot), autoflush=False) as session:
        servers.adapter.limits.make_room(session.connection())
        yield session


def _choose(snapshot: Session, batch: Batch, run: ArchiveRun) -> Selection:
    """The batch's rows. A temporary table keeps the roots, so that they are looked for once and not for every table."""
    adapter, connection = databases.current().adapter, snapshot.connection()
    columns = [Column("id", BigInteger, autoincrement=False)]
    if batch.kind == BatchKind.ROOTS:
        staging = adapter.row_sets.temporary(connection, "staging", columns, selection.of_range(batch, run))
    else:
        staging = adapter.row_sets.temporary(connection, "staging", columns)
        owned = [{"id": root_id} for root_id in stragglers.archived_roots(snapshot, batch)]
        if owned:
            connection.execute(insert(staging), owned)
    return Selection(RECORD_TYPES[batch.record_type], select(staging.c.id))


def _stage_table(snapshot: Session, target: Target, table: Table, rows: Select[int]) -> StagedTable:
    """Write the rows as the archive will take them, with the batch that brings them."""
    batch = literal(target.batch_id, BigInteger).label(BATCH_COLUMN)
    query, version = rows.with_only_columns(*table.columns, batch).order_by(table.c.id), newest_version(table.name)
    with databases.current().adapter.loading.copy_out(snapshot.connection(), query) as chunks:
        size, sha256 = write_table(target.store, target.folder, table.name, chunks)
    failpoints.hit("stage.table_written")
    found = hashes.of_rows(snapshot.connection(), table, version, rows)
    columns = tuple(table.columns.keys())
    return StagedTable(found.rows, size, sha256, found.contents, found.versions, version, columns)
