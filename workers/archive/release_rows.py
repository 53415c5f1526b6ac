"""The careful way of a release, row by row, where something has changed since the batch was staged.

An edited root stays hot with all its children; an edited child stays hot alone. The copies of the rows that stay are
superseded.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ColumnElement, Select, Table, and_, delete, func, insert, or_, select, union

from core.archiving import failpoints, hashes, late_roots
from core.models import Patient
from core.models.record_types import BATCH_COLUMN, Child
from core.stores import databases
from workers.archive import stragglers
from workers.archive.load import copy_staged
from workers.archive.moving import Moving
from workers.archive.selection import child_of, columns_like, may_leave, tables_of

# By table, the ids of staged rows that this release does not remove: their copies are superseded.
SupersededIds = dict[str, list[int]]


def release(moving: Moving) -> tuple[dict[str, int], SupersededIds]:
    """Remove the rows that are as they were staged. Returns by table how many, and the ids of the superseded copies."""
    superseded_ids: SupersededIds = {}
    for table in tables_of(moving.batch):
        _read_staged(moving, table)
    if moving.is_late:
        moving.choose_archived(_archived_roots(moving))
    else:
        superseded_ids[moving.record_type.root.name] = _keep_roots(moving)
        root = moving.record_type.root
        moving.choose(root.c.id.in_(select(moving.staged[root.name].c.id)))
    for child in moving.record_type.children:
        superseded_ids[child.table.name] = _keep_children(moving, child)
    removed = {}
    for table in reversed(tables_of(moving.batch)):
        removed[table.name] = _remove(moving, table)
        failpoints.hit("release.between_removals")
    if not moving.is_late:
        for child in moving.record_type.children:
            _mark_left_behind(moving, child)
    return removed, superseded_ids


def _mark_left_behind(moving: Moving, child: Child) -> None:
    """Mark the roots that leave and whose children stay, because they were edited or came since staging."""
    root = child.table.c[child.root_column]
    left = select(root).distinct().where(root.in_(select(moving.releasing.c.id)), may_leave(child))
    late_roots.mark(moving.session, moving.record_type, moving.session.scalars(left).all())


def removed_ids(moving: Moving, table: Table) -> set[int]:
    """The ids of the rows that this release removes."""
    return set(moving.session.scalars(select(moving.staged[table.name].c.id)))


def _read_staged(moving: Moving, table: Table) -> None:
    """Read the staged rows into a temporary table, and lock their originals on the primary."""
    adapter = databases.current().adapter
    columns = columns_like(table, Column(BATCH_COLUMN, BigInteger))
    staged = adapter.row_sets.temporary(moving.connection, f"moving_{table.name}", columns)
    copy_staged(moving.connection, moving.store, moving.batch, table, moving.manifest[table.name], into=staged)
    adapter.row_sets.index(moving.connection, staged, "id")
    moving.staged[table.name] = staged
    kept = select(table.c.id).join(staged, staged.c.id == table.c.id).order_by(table.c.id)
    moving.connection.execute(kept.with_for_update(of=table)).all()


def _keep_roots(moving: Moving) -> list[int]:
    root = moving.record_type.root
    patient = root.c[moving.record_type.patient_column]
    held = select(Patient.id).where(Patient.legal_hold)
    return _keep(moving, root, or_(patient.is_(None), patient.not_in(held)))


def _archived_roots(moving: Moving) -> dict[int, int]:
    kind = moving.record_type
    of_rows = union(*(_roots_gone(moving, child) for child in kind.children))
    return stragglers.owned(moving.session, kind, list(moving.session.scalars(of_rows)))


def _roots_gone(moving: Moving, child: Child) -> Select[int]:
    """The archived roots of those of a child's staged rows that are still on the primary."""
    root, column = moving.record_type.root, child.table.c[child.root_column]
    staged = moving.staged[child.table.name]
    hot = select(root.c.id).where(root.c.id == column).exists()
    return select(column).join(staged, staged.c.id == child.table.c.id).where(~hot)


def _keep_children(moving: Moving, child: Child) -> list[int]:
    goes = child.table.c[child.root_column].in_(select(moving.releasing.c.id))
    return _keep(moving, child.table, and_(goes, may_leave(child)))


def _keep(moving: Moving, table: Table, condition: ColumnElement[bool]) -> list[int]:
    """Forget the staged rows whose originals changed or do not meet the condition; returns the ids of those rows."""
    staged = moving.staged[table.name]
    version = moving.manifest[table.name].hash_version
    alike = hashes.of_row(table, version, staged) == hashes.of_row(table, version)
    matches = select(table.c.id).where(table.c.id == staged.c.id, alike, condition).exists()
    return list(moving.session.scalars(delete(staged).where(~matches).returning(staged.c.id)))


def _remove(moving: Moving, table: Table) -> int:
    staged = moving.staged[table.name]
    if table is not moving.record_type.root:
        root_id = staged.c[child_of(moving.record_type, table).root_column]
        patient = moving.releasing.c.patient_id
        counts = select(patient, func.count()).join(staged, root_id == moving.releasing.c.id).group_by(patient)
        moving.run(insert(moving.released).from_select(["patient_id", "rows"], counts))
    return moving.run(delete(table).where(table.c.id == staged.c.id))
