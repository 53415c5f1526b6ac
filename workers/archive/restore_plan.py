"""What a restore brings back: its batches, and the roots of each on the archive server."""

from __future__ import annotations

from sqlalchemy import Select, func, select, union
from sqlalchemy.orm import Session

from core.models import ArchiveRun, Batch, BatchKind, BatchState
from core.models.record_types import BATCH_COLUMN, RECORD_TYPES, ROOT_COLUMNS, archive_table
from core.stores import archived, databases
from core.stores.archived import Window
from core.stores.databases import Store


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
        return archive.scalar(select(func.count()).select_from(roots_of(batch, seen).subquery())) or 0


def roots_of(batch: Batch, seen: Window) -> Select[tuple[int]]:
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
