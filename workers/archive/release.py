"""Release: in one transaction on the primary, remove the rows whose copies are verified and that have not changed.

The quick way removes all rows of the batch's range, and compares the versions of the removed rows with those that were
staged. If they are equal, nobody has written to any of these rows since, and the release is done. If not, the removal
is rolled back, and the careful way (release_rows.py) compares contents row by row.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, FromClause, Insert, Table, delete, func, insert, select
from sqlalchemy.orm import Session

from core import audit
from core.archiving import failpoints, hashes
from core.engines.functions import any_of
from core.models import ArchiveRun, Batch
from core.models.record_types import BATCH_COLUMN, archive_table
from core.queries import released_batches
from core.queries.batch_seals import Seal
from core.services import batch_sealing
from core.staging import object_store
from core.stores import databases
from workers.archive import holdings, lease, release_rows
from workers.archive.moving import Moving
from workers.archive.release_rows import SupersededIds
from workers.archive.retry_policy import Superseded
from workers.archive.selection import child_of, may_leave, tables_of
from workers.archive.staged_files import read_complete_manifest

# Less than the server's deadlock time-out, so that the release gives way and not the person who edits a record.
LOCK_SECONDS = 0.7


def release(session: Session, batch: Batch, run: ArchiveRun) -> int:
    """Remove the batch's unchanged rows in the caller's transaction, which holds the batch. Returns the rows removed.

    Raises Superseded if the archive lacks a copy that the release relies on: the batch must be loaded again.
    """
    adapter, store = databases.current().adapter, object_store()
    adapter.limits.make_room(session.connection())
    moving = Moving(session, batch, run, store, read_complete_manifest(store, batch))
    with adapter.locks.waiting_at_most(session.connection(), LOCK_SECONDS):
        removed, superseded_ids = _unchanged(moving) or release_rows.release(moving)
        failpoints.hit("release.before_superseded")
        _drop_superseded(moving, removed, superseded_ids)
        failpoints.hit("release.after_superseded")
    holdings.add(moving)
    batch.released_roots = removed.get(moving.record_type.root.name, 0)
    batch.released_rows = sum(removed.values())
    batch.superseded_rows = sum(len(ids) for ids in superseded_ids.values())
    audit.record(
        session, released_batches.RELEASED, by=None, target=f"batch:{batch.id}",
        purpose=released_batches.told(batch.record_type, batch.released_rows, batch.content_hash or ""),
    )  # fmt: skip
    if moving.record_type.sealed:
        batch_sealing.record(session, batch, _contents(moving, superseded_ids))
    return batch.released_rows


def _contents(moving: Moving, superseded_ids: SupersededIds) -> Iterator[Seal]:
    """What left, by table: as it was staged, but for rows that stay hot."""
    for table in tables_of(moving.batch):
        staged = moving.manifest[table.name]
        if not superseded_ids.get(table.name):
            yield Seal(table.name, staged.rows, staged.hash_version, staged.contents)
            continue
        left = hashes.of_rows(moving.connection, table, staged.hash_version, select(moving.staged[table.name].c.id))
        yield Seal(table.name, left.rows, staged.hash_version, left.contents)


def _unchanged(moving: Moving) -> tuple[dict[str, int], SupersededIds] | None:
    """Remove all rows if all are as they were staged; else remove nothing and return None."""
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
    adapter, roots = databases.current().adapter, moving.releasing
    hashed = hashes.columns(table, moving.manifest[table.name].hash_version)
    chosen = select(roots.c.id)
    if table is moving.record_type.root:
        return adapter.row_sets.remove(moving.connection, delete(table).where(table.c.id.in_(chosen)), hashed)
    child = child_of(moving.record_type, table)
    key = child.root_column

    def tally(taken: FromClause) -> Insert:
        counts = select(roots.c.patient_id, func.count()).join_from(taken, roots, taken.c[key] == roots.c.id)
        return insert(moving.released).from_select(["patient_id", "rows"], counts.group_by(roots.c.patient_id))

    removal = delete(table).where(table.c[key].in_(chosen), may_leave(child))
    return adapter.row_sets.remove(moving.connection, removal, hashed, key=key, tally=tally)


def _drop_superseded(moving: Moving, removed: dict[str, int], superseded_ids: SupersededIds) -> None:
    """Check that the archive has every copy that the release relies on, then remove superseded copies there."""
    with lease.archive_write(moving.session, moving.batch, moving.record_type.server) as archive:
        for table in tables_of(moving.batch):
            _check_copies(moving, archive, table, removed[table.name])
            failpoints.hit("release.between_superseded")
            if superseded_ids.get(table.name):
                copies = archive_table(table)
                superseded = copies.c[BATCH_COLUMN] == moving.batch.id, any_of(copies.c.id, superseded_ids[table.name])
                archive.execute(delete(copies).where(*superseded))


def _check_copies(moving: Moving, archive: Connection, table: Table, removed: int) -> None:
    """Check the copies by their number; if an earlier release has removed superseded ones, by their ids."""
    copies = archive_table(table)
    mine = copies.c[BATCH_COLUMN] == moving.batch.id
    staged = moving.manifest[table.name].rows
    if archive.scalar(select(func.count()).select_from(copies).where(mine)) == staged:
        return
    held = set(archive.scalars(select(copies.c.id).where(mine)))
    if removed == staged or not release_rows.removed_ids(moving, table) <= held:
        raise Superseded(f"the archive lacks verified copies of {table.name}: the batch is loaded again")
