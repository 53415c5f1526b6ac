"""Release: in one transaction on the primary, remove the rows whose copies are verified and that have not changed.

A root that was edited during the move stays hot with all its children, an edited child stays alone; the copies of
both are superseded and removed from the archive while the batch still owns nothing there.
"""

from __future__ import annotations

from sqlalchemy import Connection, Table, text
from sqlalchemy.orm import Session

from core import failpoints
from core.models import ArchiveRun, Batch, BatchKind, Patient
from core.models.record_types import BATCH_COLUMN, Child
from core.staging import object_store
from workers.archive import holdings, lease, stragglers
from workers.archive.faults import Superseded
from workers.archive.files import StagedTable, read_manifest
from workers.archive.moving import Moving
from workers.archive.selection import child_condition, child_of, tables_of


def release(session: Session, batch: Batch, _run: ArchiveRun) -> int:
    """Remove the batch's unchanged rows in the caller's transaction, which holds the batch. Returns the rows removed.

    Raises Superseded if the archive lacks a copy that this would rely on: load the batch again.
    """
    session.execute(text("SET LOCAL statement_timeout = 0"))
    moving, store = Moving(session, batch), object_store()
    manifest = read_manifest(store, batch)
    for table in tables_of(batch):
        moving.read_staged(store, table, manifest[table.name])
    gone = _keep_roots(moving)
    for table in moving.record_type.tables[1:]:
        gone += _keep_children(moving, child_of(moving.record_type, table))
    failpoints.hit("release.before_superseded")
    _drop_superseded(moving, manifest, gone)
    failpoints.hit("release.after_superseded")
    holdings.add(moving)
    removed = {table.name: _remove(moving, table) for table in reversed(tables_of(batch))}
    batch.released_roots = removed.get(moving.record_type.root.name, 0)
    batch.released_rows = sum(removed.values())
    batch.superseded_rows = len(gone)
    return batch.released_rows


def _keep_roots(moving: Moving) -> list[tuple[str, int]]:
    """Leave in `moving_ROOT` the roots that go, or whose late children go."""
    root, patient = moving.record_type.root, moving.record_type.patient_column
    if moving.batch.kind == BatchKind.STRAGGLERS:
        _archived_roots(moving)
        return []
    moving.lock(root)
    held = f"SELECT p.id FROM {Patient.__tablename__} p WHERE p.legal_hold"
    free = f"(t.{patient} IS NULL OR t.{patient} NOT IN ({held}))"
    return moving.keep(root, f"m.hash = {moving.hash_of(root)} AND {free}")


def _archived_roots(moving: Moving) -> None:
    kind = moving.record_type
    of_rows = " UNION ".join(
        f"SELECT t.{child.root_column} FROM {child.table.name} t JOIN moving_{child.table.name} m ON m.id = t.id"
        f" WHERE NOT EXISTS (SELECT 1 FROM {kind.root.name} r WHERE r.id = t.{child.root_column})"
        for child in kind.children
    )
    owned = stragglers.owned(moving.session, kind, list(moving.session.scalars(text(of_rows))))
    moving.run(f"CREATE TEMP TABLE moving_{kind.root.name} (id bigint PRIMARY KEY, patient_id bigint) ON COMMIT DROP")
    moving.run(
        f"INSERT INTO moving_{kind.root.name}"
        " SELECT * FROM unnest(CAST(:ids AS bigint[]), CAST(:patients AS bigint[]))",
        ids=list(owned),
        patients=list(owned.values()),
    )


def _keep_children(moving: Moving, child: Child) -> list[tuple[str, int]]:
    moving.lock(child.table)
    moves = f"t.{child.root_column} IN (SELECT id FROM moving_{moving.record_type.root.name})"
    return moving.keep(child.table, f"m.hash = {moving.hash_of(child.table)} AND {moves} AND {child_condition(child)}")


def _drop_superseded(moving: Moving, manifest: dict[str, StagedTable], gone: list[tuple[str, int]]) -> None:
    """Remove superseded copies from the archive, once it is sure that it has every copy that release relies on."""
    with lease.archive_write(moving.session, moving.batch, moving.record_type.server) as archive:
        for table in tables_of(moving.batch):
            _check_copies(moving, archive, table, manifest[table.name].rows)
            failpoints.hit("release.between_superseded")
            ids = [row_id for name, row_id in gone if name == table.name]
            if ids:
                archive.execute(
                    text(f"DELETE FROM {table.name} WHERE {BATCH_COLUMN} = :batch AND id = ANY(:ids)"),
                    {"batch": moving.batch.id, "ids": ids},
                )


def _check_copies(moving: Moving, archive: Connection, table: Table, staged: int) -> None:
    """The copies are those that were verified, unless an earlier release removed superseded ones: then by id."""
    batch = {"batch": moving.batch.id}
    count = archive.scalar(text(f"SELECT count(*) FROM {table.name} WHERE {BATCH_COLUMN} = :batch"), batch)
    if count == staged:
        return
    held = set(archive.scalars(text(f"SELECT id FROM {table.name} WHERE {BATCH_COLUMN} = :batch"), batch))
    needed = moving.session.scalars(text(f"SELECT id FROM moving_{table.name}"))
    if any(row_id not in held for row_id in needed):
        raise Superseded(f"the archive lacks verified copies of {table.name}: the batch is loaded again")


def _remove(moving: Moving, table: Table) -> int:
    removed = moving.run(f"DELETE FROM {table.name} t USING moving_{table.name} m WHERE t.id = m.id")
    failpoints.hit("release.between_removals")
    return removed
