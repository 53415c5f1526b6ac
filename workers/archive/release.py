"""Release: in one transaction on the primary, remove the rows whose copies are verified and that have not changed.

A root that was edited during the move stays hot with all its children, an edited child stays alone; the copies of
both are superseded and removed from the archive while the batch still owns nothing there.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Table, text
from sqlalchemy.orm import Session

from core import db, failpoints
from core.db import Store
from core.models import ArchiveRun, Batch, Patient
from core.models.record_types import BATCH_COLUMN, RECORD_TYPES, Child, RecordType
from core.staging import ObjectStore, object_store
from workers.archive.batches import StagedTable, Superseded, child_condition, id_and_hash, read_lines, read_manifest


@dataclass(frozen=True)
class Moving:
    """A batch's release under way: temporary tables `moving_*` hold the ids and hashes that were staged."""

    session: Session
    batch: Batch
    record_type: RecordType

    @property
    def connection(self) -> Connection:
        return self.session.connection()

    def run(self, sql: str, **values: object) -> int:
        return int(self.session.execute(text(sql), values).rowcount)  # type: ignore[attr-defined]

    def hash_of(self, table: Table) -> str:
        return db.databases().adapter.row_hash(table, table.columns.keys(), "t")


def release(session: Session, batch: Batch, run: ArchiveRun) -> int:
    """Remove the batch's unchanged rows in the caller's transaction. Returns the rows removed.

    Raises Superseded if the archive lacks a copy that this would rely on: load the batch again.
    """
    session.execute(text("SET LOCAL statement_timeout = 0"))
    moving = Moving(session, batch, RECORD_TYPES[batch.record_type])
    store = object_store()
    manifest = read_manifest(store, batch)
    for table in moving.record_type.tables:
        _read_staged(moving, store, table, manifest[table.name])
    gone = _keep_unchanged_roots(moving, run)
    for child in moving.record_type.children:
        gone += _keep_unchanged_children(moving, child)
    failpoints.hit("release.before_superseded")
    _drop_superseded(moving, manifest, gone)
    failpoints.hit("release.after_superseded")
    _add_to_holdings(moving)
    removed = {table.name: _remove(moving, table) for table in reversed(moving.record_type.tables)}
    batch.released_roots = removed[moving.record_type.root.name]
    batch.released_rows = sum(removed.values())
    batch.superseded_rows = len(gone)
    return batch.released_rows


def _read_staged(moving: Moving, store: ObjectStore, table: Table, staged: StagedTable) -> None:
    name = f"moving_{table.name}"
    moving.run(f"CREATE TEMP TABLE {name} (id bigint PRIMARY KEY, hash text NOT NULL) ON COMMIT DROP")
    lines = (id_and_hash(line) for line in read_lines(store, moving.batch, staged))
    db.databases().adapter.copy_in(moving.connection, name, ["id", "hash"], lines)
    moving.run(f"ANALYZE {name}")


def _keep_unchanged_roots(moving: Moving, run: ArchiveRun) -> list[tuple[str, int]]:
    root, patient = moving.record_type.root, moving.record_type.patient_column
    moving.run(f"SELECT t.id FROM {root.name} t JOIN moving_{root.name} m ON m.id = t.id ORDER BY t.id FOR UPDATE OF t")
    held = f"SELECT p.id FROM {Patient.__tablename__} p WHERE p.legal_hold"
    free = f"(t.{patient} IS NULL OR t.{patient} NOT IN ({held}))"
    return _keep(moving, root, f"m.hash = {moving.hash_of(root)} AND {free}")


def _keep_unchanged_children(moving: Moving, child: Child) -> list[tuple[str, int]]:
    name, root = child.table.name, moving.record_type.root.name
    moving.run(f"SELECT t.id FROM {name} t JOIN moving_{name} m ON m.id = t.id ORDER BY t.id FOR UPDATE OF t")
    moves = f"t.{child.root_column} IN (SELECT id FROM moving_{root})"
    return _keep(
        moving, child.table, f"m.hash = {moving.hash_of(child.table)} AND {moves} AND {child_condition(child)}"
    )


def _keep(moving: Moving, table: Table, condition: str) -> list[tuple[str, int]]:
    """Leave in moving_* the rows that meet the condition on the primary now; returns the others."""
    matches = f"SELECT 1 FROM {table.name} t WHERE t.id = m.id AND {condition}"
    gone = moving.session.scalars(
        text(f"DELETE FROM moving_{table.name} m WHERE NOT EXISTS ({matches}) RETURNING m.id")
    )
    return [(table.name, row_id) for row_id in gone]


def _drop_superseded(moving: Moving, manifest: dict[str, StagedTable], gone: list[tuple[str, int]]) -> None:
    """Remove superseded copies from the archive, once it is sure that it has every copy that release relies on."""
    engine = db.databases().engine(Store(moving.record_type.server), read_only=False)
    with engine.begin() as archive:
        for table in moving.record_type.tables:
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


def _add_to_holdings(moving: Moving) -> None:
    kind = moving.record_type
    rows = [
        f"SELECT t.{child.root_column} AS root_id FROM {child.table.name} t JOIN moving_{child.table.name} USING (id)"
        for child in kind.children
    ]
    children = " UNION ALL ".join(rows) or "SELECT NULL::bigint AS root_id WHERE false"
    moving.run(
        f"INSERT INTO holding AS h (patient_id, record_type, server, roots, rows, first_at, last_at)"
        f" SELECT coalesce(t.{kind.patient_column}, 0), :type, :server, count(*), count(*) + sum(coalesce(c.rows, 0)),"
        f" min(t.{kind.time_column}), max(t.{kind.time_column})"
        f" FROM {kind.root.name} t JOIN moving_{kind.root.name} m ON m.id = t.id"
        f" LEFT JOIN (SELECT root_id, count(*) AS rows FROM ({children}) a GROUP BY root_id) c ON c.root_id = t.id"
        " GROUP BY 1 ORDER BY 1"
        " ON CONFLICT (patient_id, record_type) DO UPDATE SET roots = h.roots + excluded.roots,"
        " rows = h.rows + excluded.rows, first_at = least(h.first_at, excluded.first_at),"
        " last_at = greatest(h.last_at, excluded.last_at)",
        type=kind.name,
        server=kind.server,
    )


def _remove(moving: Moving, table: Table) -> int:
    removed = moving.run(f"DELETE FROM {table.name} t USING moving_{table.name} m WHERE t.id = m.id")
    failpoints.hit("release.between_removals")
    return removed
