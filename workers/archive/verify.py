"""Verify: the archive server hashes every row it has of a batch; all must be as the primary hashed them for staging."""

from __future__ import annotations

from sqlalchemy import Connection, Table, text
from sqlalchemy.orm import Session

from core import db, failpoints
from core.db import Store
from core.models import ArchiveRun, Batch
from core.models.record_types import BATCH_COLUMN, RECORD_TYPES
from core.staging import object_store
from workers.archive import hashes, room
from workers.archive.faults import Mismatch
from workers.archive.files import Manifest, read_manifest
from workers.archive.load import copy_staged
from workers.archive.selection import tables_of


def verify(_session: Session, batch: Batch, _run: ArchiveRun) -> int:
    """Compare counts and the hash over all rows' hashes. Raises Mismatch, naming a row. Returns the rows."""
    manifest = read_manifest(object_store(), batch)
    engine = db.databases().engine(Store(RECORD_TYPES[batch.record_type].server), read_only=False)
    with engine.connect() as connection:
        room.make(connection)
        for table in tables_of(batch):
            _compare(connection, batch, table, manifest)
            failpoints.hit("verify.table_compared")
    return sum(table.rows for table in manifest.values())


def _compare(connection: Connection, batch: Batch, table: Table, manifest: Manifest) -> None:
    staged = manifest[table.name]
    found = hashes.of_rows(connection, table, f"FROM {table.name} t WHERE t.{BATCH_COLUMN} = {int(batch.id)}")
    if (found.rows, found.contents) != (staged.rows, staged.contents):
        where = _differing(connection, batch, table, manifest)
        raise Mismatch(f"{where} in the archive; nothing was removed from the primary")


def _differing(connection: Connection, batch: Batch, table: Table, manifest: Manifest) -> str:
    """The first row that differs, and how; found only when it is known that there is one."""
    name = f"staged_{table.name}"
    connection.execute(text(f"CREATE TEMP TABLE {name} (LIKE {table.name}) ON COMMIT DROP"))
    copy_staged(connection, object_store(), batch, table, manifest[table.name], into=name)
    query = (
        f"SELECT coalesce(s.id, t.id), s.id, t.id FROM {name} s"
        f" FULL JOIN (SELECT * FROM {table.name} WHERE {BATCH_COLUMN} = {int(batch.id)}) t ON t.id = s.id"
        f" WHERE s.id IS NULL OR t.id IS NULL OR {hashes.of_row(table, 's')} <> {hashes.of_row(table, 't')}"
        " ORDER BY 1 LIMIT 1"
    )
    row = connection.execute(text(query)).one_or_none()
    if row is None:
        return f"{table.name} is hashed otherwise"
    what = "is missing" if row[2] is None else "was not staged" if row[1] is None else "differs"
    return f"{table.name}:{row[0]} {what}"
