"""Release: in one transaction on the primary, remove the rows whose copies are verified and that have not changed.

The quick way removes all rows of the batch's range and looks at the versions of what it removed: if they are those
that were staged, to the row, nobody has written to any since, and it is done. Else this is undone, and the careful way
(release_rows.py) compares contents row by row.
"""

from __future__ import annotations

from sqlalchemy import Connection, Table, delete, text
from sqlalchemy.orm import Session

from core import db, failpoints
from core.engines.functions import any_of
from core.models import ArchiveRun, Batch
from core.models.record_types import ARCHIVE_METADATA, BATCH_COLUMN
from core.staging import object_store
from workers.archive import hashes, holdings, lease, release_rows, room
from workers.archive.faults import Superseded
from workers.archive.files import read_manifest
from workers.archive.moving import Moving
from workers.archive.release_rows import Gone
from workers.archive.selection import child_condition, child_of, tables_of

# Under the server's deadlock time-out, so that it is the release that gives way and not who edits a record.
LOCK_TIMEOUT_MS = 700


def release(session: Session, batch: Batch, run: ArchiveRun) -> int:
    """Remove the batch's unchanged rows in the caller's transaction, which holds the batch. Returns the rows removed.

    Raises Superseded if the archive lacks a copy that this would rely on: load the batch again.
    """
    room.make(session.connection())
    session.execute(text(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}"))
    store = object_store()
    moving = Moving(session, batch, run, store, read_manifest(store, batch))
    removed, gone = _unchanged(moving) or release_rows.release(moving)
    failpoints.hit("release.before_superseded")
    _drop_superseded(moving, removed, gone)
    failpoints.hit("release.after_superseded")
    session.execute(text("SET LOCAL lock_timeout = 0"))
    holdings.add(moving)
    batch.released_roots = removed.get(moving.record_type.root.name, 0)
    batch.released_rows = sum(removed.values())
    batch.superseded_rows = sum(len(ids) for ids in gone.values())
    return batch.released_rows


def _unchanged(moving: Moving) -> tuple[dict[str, int], Gone] | None:
    """Remove everything, if everything is as it was staged; else nothing, and None."""
    removed = {}
    savepoint = moving.session.begin_nested()
    if moving.is_late:
        moving.choose_late()
    else:
        moving.choose_range()
    for table in reversed(tables_of(moving.batch)):
        staged = moving.manifest[table.name]
        if _remove(moving, table) != (staged.rows, staged.versions):
            savepoint.rollback()
            return None
        removed[table.name] = staged.rows
        failpoints.hit("release.between_removals")
    savepoint.commit()
    return removed, {}


def _remove(moving: Moving, table: Table) -> tuple[int, str]:
    """Remove a table's rows; returns how many, and the hash over the versions that were removed."""
    version = f"{db.databases().adapter.row_version('t')} AS row_version"
    if table is moving.record_type.root:
        removal = f"DELETE FROM {table.name} t USING releasing r WHERE t.id = r.id RETURNING t.id, {version}"
        return hashes.of_versions(moving.connection, f"WITH taken AS ({removal})")
    child = child_of(moving.record_type, table)
    removal = (
        f"DELETE FROM {table.name} t USING releasing r WHERE t.{child.root_column} = r.id AND {child_condition(child)}"
        f" RETURNING t.id, r.patient_id, {version}"
    )
    counted = "INSERT INTO released SELECT patient_id, count(*) FROM taken GROUP BY patient_id"
    return hashes.of_versions(moving.connection, f"WITH taken AS ({removal}), counted AS ({counted})")


def _drop_superseded(moving: Moving, removed: dict[str, int], gone: Gone) -> None:
    """Remove superseded copies from the archive, once it is sure that it has every copy that release relies on."""
    with lease.archive_write(moving.session, moving.batch, moving.record_type.server) as archive:
        for table in tables_of(moving.batch):
            _check_copies(moving, archive, table, removed[table.name])
            failpoints.hit("release.between_superseded")
            if gone.get(table.name):
                copies = ARCHIVE_METADATA[moving.record_type.server].tables[table.name]
                superseded = copies.c[BATCH_COLUMN] == moving.batch.id, any_of(copies.c.id, gone[table.name])
                archive.execute(delete(copies).where(*superseded))


def _check_copies(moving: Moving, archive: Connection, table: Table, removed: int) -> None:
    """The copies are those that were verified, unless an earlier release removed superseded ones: then by id."""
    batch = {"batch": moving.batch.id}
    count = archive.scalar(text(f"SELECT count(*) FROM {table.name} WHERE {BATCH_COLUMN} = :batch"), batch)
    staged = moving.manifest[table.name].rows
    if count == staged:
        return
    held = set(archive.scalars(text(f"SELECT id FROM {table.name} WHERE {BATCH_COLUMN} = :batch"), batch))
    if removed == staged or not release_rows.removed_ids(moving, table) <= held:
        raise Superseded(f"the archive lacks verified copies of {table.name}: the batch is loaded again")
