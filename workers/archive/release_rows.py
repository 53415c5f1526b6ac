"""The careful way of a release, row by row, where something has changed since the batch was staged.

A root that was edited stays hot with all its children, an edited child stays alone; the copies of both are superseded.
"""

from __future__ import annotations

from sqlalchemy import Table, text

from core import failpoints
from core.models import Patient
from core.models.record_types import BATCH_COLUMN, Child
from workers.archive import hashes, stragglers
from workers.archive.load import copy_staged
from workers.archive.moving import Moving
from workers.archive.selection import child_condition, child_of, tables_of

# Ids of rows that did not go, by table.
Gone = dict[str, list[int]]


def release(moving: Moving) -> tuple[dict[str, int], Gone]:
    """Remove the rows that are as they were staged. Returns the rows removed, and the ids of the others, by table."""
    gone: Gone = {}
    for table in tables_of(moving.batch):
        _read_staged(moving, table)
    if moving.is_late:
        moving.choose_archived(_archived_roots(moving))
    else:
        gone[moving.record_type.root.name] = _keep_roots(moving)
        moving.choose(f"SELECT id FROM moving_{moving.record_type.root.name}")
    for child in moving.record_type.children:
        gone[child.table.name] = _keep_children(moving, child)
    removed = {}
    for table in reversed(tables_of(moving.batch)):
        removed[table.name] = _remove(moving, table)
        failpoints.hit("release.between_removals")
    return removed, gone


def removed_ids(moving: Moving, table: Table) -> set[int]:
    """The ids of the rows that this release removes."""
    return set(moving.session.scalars(text(f"SELECT id FROM moving_{table.name}")))


def _read_staged(moving: Moving, table: Table) -> None:
    """A temporary table `moving_NAME` of the rows as they were staged, and their hot originals kept as they are."""
    name = f"moving_{table.name}"
    moving.run(f"CREATE TEMP TABLE {name} (LIKE {table.name}, {BATCH_COLUMN} bigint) ON COMMIT DROP")
    copy_staged(moving.connection, moving.store, moving.batch, table, moving.manifest[table.name], into=name)
    moving.run(f"CREATE UNIQUE INDEX ON {name} (id)")
    moving.run(f"ANALYZE {name}")
    moving.run(f"SELECT t.id FROM {table.name} t JOIN {name} m ON m.id = t.id ORDER BY t.id FOR UPDATE OF t")


def _keep_roots(moving: Moving) -> list[int]:
    root, patient = moving.record_type.root, moving.record_type.patient_column
    held = f"SELECT p.id FROM {Patient.__tablename__} p WHERE p.legal_hold"
    return _keep(moving, root, f"(t.{patient} IS NULL OR t.{patient} NOT IN ({held}))")


def _archived_roots(moving: Moving) -> dict[int, int]:
    kind = moving.record_type
    of_rows = " UNION ".join(
        f"SELECT t.{child.root_column} FROM {child.table.name} t JOIN moving_{child.table.name} m ON m.id = t.id"
        f" WHERE NOT EXISTS (SELECT 1 FROM {kind.root.name} r WHERE r.id = t.{child.root_column})"
        for child in kind.children
    )
    return stragglers.owned(moving.session, kind, list(moving.session.scalars(text(of_rows))))


def _keep_children(moving: Moving, child: Child) -> list[int]:
    goes = f"t.{child.root_column} IN (SELECT id FROM releasing)"
    return _keep(moving, child.table, f"{goes} AND {child_condition(child)}")


def _keep(moving: Moving, table: Table, condition: str) -> list[int]:
    """Leave in `moving_NAME` the rows that meet the condition and are as they were staged; returns the others' ids."""
    alike = f"{hashes.of_row(table, 'm')} = {hashes.of_row(table, 't')}"
    matches = f"SELECT 1 FROM {table.name} t WHERE t.id = m.id AND {alike} AND {condition}"
    gone = f"DELETE FROM moving_{table.name} m WHERE NOT EXISTS ({matches}) RETURNING m.id"
    return list(moving.session.scalars(text(gone)))


def _remove(moving: Moving, table: Table) -> int:
    if table is not moving.record_type.root:
        column = child_of(moving.record_type, table).root_column
        moving.run(
            f"INSERT INTO released SELECT r.patient_id, count(*) FROM moving_{table.name} m"
            f" JOIN releasing r ON r.id = m.{column} GROUP BY r.patient_id"
        )
    return moving.run(f"DELETE FROM {table.name} t USING moving_{table.name} m WHERE t.id = m.id")
