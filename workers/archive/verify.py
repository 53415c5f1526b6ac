"""Verify: the archive server hashes a batch's rows; the hashes must be those that the primary made at staging."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Connection, Table, func, or_, select
from sqlalchemy.orm import Session

from core.archiving import failpoints, hashes
from core.models import ArchiveRun, Batch
from core.models.record_types import BATCH_COLUMN, RECORD_TYPES, archive_table
from core.staging import object_store
from core.stores import databases
from core.stores.databases import Store
from workers.archive.load import copy_staged
from workers.archive.retry_policy import Mismatch
from workers.archive.selection import columns_like, tables_of
from workers.archive.staged_files import Manifest, read_complete_manifest


def verify(_session: Session, batch: Batch, _run: ArchiveRun) -> int:
    """Compare counts and the hash over all rows' hashes. Raises Mismatch, naming a row. Returns the rows."""
    manifest = read_complete_manifest(object_store(), batch)
    servers = databases.current()
    engine = servers.engine(Store(RECORD_TYPES[batch.record_type].server), read_only=False)
    with engine.connect() as connection:
        servers.adapter.limits.make_room(connection)
        for table in tables_of(batch):
            _compare(connection, batch, table, manifest)
            failpoints.hit("verify.table_compared")
    return sum(table.rows for table in manifest.values())


def _compare(connection: Connection, batch: Batch, table: Table, manifest: Manifest) -> None:
    staged, copies = manifest[table.name], archive_table(table)
    rows = select(copies.c.id).where(copies.c[BATCH_COLUMN] == batch.id)
    found = hashes.of_rows(connection, table, staged.hash_version, rows)
    if (found.rows, found.contents) != (staged.rows, staged.contents):
        where = _differing(connection, batch, table, manifest)
        raise Mismatch(f"{where} in the archive; nothing was removed from the primary")


def _differing(connection: Connection, batch: Batch, table: Table, manifest: Manifest) -> str:
    """The first row that differs, and how; found only when it is known that there is one."""
    copies = archive_table(table)
    columns = columns_like(table, Column(BATCH_COLUMN, BigInteger))
    staged = databases.current().adapter.row_sets.temporary(connection, f"staged_{table.name}", columns)
    copy_staged(connection, object_store(), batch, table, manifest[table.name], into=staged)
    loaded = select(copies).where(copies.c[BATCH_COLUMN] == batch.id).subquery("loaded")
    either = func.coalesce(staged.c.id, loaded.c.id)
    version = manifest[table.name].hash_version
    unlike = hashes.of_row(table, version, staged) != hashes.of_row(table, version, loaded)
    row = connection.execute(
        select(either, staged.c.id, loaded.c.id)
        .select_from(staged.join(loaded, loaded.c.id == staged.c.id, full=True))
        .where(or_(staged.c.id.is_(None), loaded.c.id.is_(None), unlike))
        .order_by(either)
        .limit(1)
    ).one_or_none()
    if row is None:
        return f"{table.name} is hashed otherwise"
    what = "is missing" if row[2] is None else "was not staged" if row[1] is None else "differs"
    return f"{table.name}:{row[0]} {what}"
