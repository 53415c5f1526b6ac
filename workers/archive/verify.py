"""Verify: read a batch back from its archive server and compare each row's content hash with what was staged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import zip_longest

from sqlalchemy import Connection, Table, text
from sqlalchemy.orm import Session

from core import db, failpoints
from core.db import Store
from core.models import ArchiveRun, Batch
from core.models.record_types import BATCH_COLUMN, RECORD_TYPES
from core.staging import object_store
from workers.archive.faults import Mismatch
from workers.archive.files import id_and_hash, read_lines, read_manifest
from workers.archive.selection import tables_of


def verify(_session: Session, batch: Batch, _run: ArchiveRun) -> int:
    """Compare counts and every row's hash, computed by the archive server. Raises Mismatch. Returns the rows."""
    store = object_store()
    manifest = read_manifest(store, batch)
    engine = db.databases().engine(Store(RECORD_TYPES[batch.record_type].server), read_only=True)
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        for table in tables_of(batch):
            staged = (id_and_hash(line) for line in read_lines(store, batch, manifest[table.name]))
            with _archived(connection, table, batch.id) as archived:
                compare(table.name, staged, archived)
            failpoints.hit("verify.table_compared")
    return sum(table.rows for table in manifest.values())


def _archived(connection: Connection, table: Table, batch_id: int) -> AbstractContextManager[Iterator[bytes]]:
    adapter = db.databases().adapter
    digest = adapter.row_hash(table, table.columns.keys(), "t")
    query = f"SELECT t.id, {digest} FROM {table.name} t WHERE t.{BATCH_COLUMN} = {int(batch_id)} ORDER BY t.id"
    return adapter.copy_out(connection, query)


def compare(table: str, staged: Iterator[bytes], archived: Iterator[bytes]) -> None:
    """Raises Mismatch, naming the first row that differs. Both sides are `id TAB hash NEWLINE`, in order of id."""
    for ours, theirs in zip_longest(staged, archived):
        if ours != theirs:
            row = (ours or theirs or b"").split(b"\t")[0].decode()
            what = "is missing" if theirs is None else "was not staged" if ours is None else "differs"
            raise Mismatch(f"{table}:{row} {what} in the archive; nothing was removed from the primary")
