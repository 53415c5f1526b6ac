"""Restore: bring archived roots back to the primary, in one transaction there.

From its commit on hot owns them. Their copies stay in the archive for readers with an older snapshot, marked by
`restored_root` so that newer ones leave them out; workers/archive/purge.py removes them later.
"""

from __future__ import annotations

from sqlalchemy import Select, Table, delete, func, insert, or_, select, union
from sqlalchemy.orm import Session

from core.archiving import failpoints
from core.models import ArchiveRun, Batch, BatchKind, BatchState
from core.models.hashed_columns import newest_version
from core.models.record_types import (
    BATCH_COLUMN,
    RECORD_TYPES,
    ROOT_COLUMNS,
    RecordType,
    archive_table,
)
from core.stores import archived, databases
from core.stores.archived import Window
from core.stores.databases import Store
from workers.archive import drift, hashes, holdings
from workers.archive.faults import Mismatch
from workers.archive.restoring import ROW_HASH, Restoring


def plan(session: Session, run: ArchiveRun) -> int:
    """Make a restore's batches: one for each batch that it undoes, or one for its patient. Returns the roots."""
    what, _, number = (run.scope or "").partition(":")
    units = {
        "patient": lambda: [{"patient_id": int(number)}],
        "batch": lambda: [{"of_batch_id": int(number)}],
        "run": lambda: [{"of_batch_id": batch_id} for batch_id in _released(session, int(number))],
    }[what]()
    seen = archived.window(session, run.record_type)
    selected = 0
    for ordinal, unit in enumerate(units, start=1):
        batch = Batch(run_id=run.id, kind=BatchKind.RESTORE, record_type=run.record_type, ordinal=ordinal,
                      state=BatchState.PLANNED, size_reason=f"all of {run.scope}", **unit)  # fmt: skip
        batch.roots = _count(batch, seen)
        selected += batch.roots
        session.add(batch)
    return selected


def _released(session: Session, run_id: int) -> list[int]:
    released = select(Batch.id).where(Batch.run_id == run_id, Batch.state == BatchState.RELEASED)
    return list(session.scalars(released.order_by(Batch.id)))


def _count(batch: Batch, seen: Window) -> int:
    with databases.read(Store(RECORD_TYPES[batch.record_type].server)) as archive:
        return archive.scalar(select(func.count()).select_from(_roots(batch, seen).subquery())) or 0


def _roots(batch: Batch, seen: Window) -> Select[tuple[int]]:
    """Ids on the archive server of the roots that a unit brings back: with any row in a batch, or of a patient."""
    kind = RECORD_TYPES[batch.record_type]
    root = archive_table(kind.root)
    query = select(root.c.id).where(archived.visible(root, seen))
    if batch.patient_id is not None:
        return query.where(root.c[kind.patient_column] == batch.patient_id)
    having = [
        select(table.c[ROOT_COLUMNS[table.name]]).where(table.c[BATCH_COLUMN] == batch.of_batch_id)
        for table in map(archive_table, kind.tables)
    ]
    return query.where(root.c.id.in_(union(*having)))


def restore(session: Session, batch: Batch, _run: ArchiveRun) -> int:
    """Insert the unit's rows in the caller's transaction, which holds the batch. Returns the rows. Raises Mismatch."""
    databases.current().adapter.limits.make_room(session.connection())
    kind = RECORD_TYPES[batch.record_type]
    drift.check(session, kind)
    work = Restoring(session, batch)
    _copy(work, kind, archived.window(session, kind.name))
    work.count()
    for table in kind.tables:
        _insert(work, table)
        failpoints.hit("restore.inserted")
    work.mark_batches()
    work.mark_roots()
    holdings.lower(work)
    return batch.rows


def _copy(work: Restoring, kind: RecordType, seen: Window) -> None:
    roots = _roots(work.batch, seen).correlate(None)
    with databases.read(Store(kind.server)) as archive:
        databases.current().adapter.limits.make_room(archive.connection())
        for table in kind.tables:
            copied = archive_table(table)
            mine = (copied.c[ROOT_COLUMNS[table.name]].in_(roots), archived.visible(copied, seen))
            query = (
                select(*copied.c, hashes.of_row(table, newest_version(table.name), copied))
                .where(*mine)
                .order_by(copied.c.id)
            )
            work.copy(archive.connection(), table, query)


def _insert(work: Restoring, table: Table) -> None:
    """Insert a table's rows that are not hot already, and see that they are there as they were."""
    copy, names = work.copies[table.name], table.columns.keys()
    work.connection.execute(delete(copy).where(copy.c.id == table.c.id))
    with databases.current().adapter.loading.keeping_ids(work.connection, table):
        rows = select(*(copy.c[name] for name in names))
        work.connection.execute(insert(table).from_select(names, rows))
    differing = work.connection.scalar(
        select(copy.c.id)
        .join_from(copy, table, table.c.id == copy.c.id, isouter=True)
        .where(or_(table.c.id.is_(None), hashes.of_row(table, newest_version(table.name)) != copy.c[ROW_HASH]))
        .order_by(copy.c.id)
        .limit(1)
    )
    if differing is not None:
        raise Mismatch(f"{table.name}:{differing} is not on the primary what it was in the archive; it stays there")
