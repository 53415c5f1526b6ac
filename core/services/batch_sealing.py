"""Sealing the contents of archived batches: on the trail, as they leave, or later for those that left before that."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.archiving import hashes
from core.models import Batch, BatchKind, BatchState
from core.models.hashed_columns import newest_version
from core.models.record_types import BATCH_COLUMN, RECORD_TYPES, archive_table
from core.queries.batch_seals import SEALED, SEALED_LATER, Seal, told
from core.stores import databases
from core.stores.databases import Store


class NotSealed(Exception):
    """The batch is none that can be sealed; the message says why."""


def record(session: Session, batch: Batch, seals: Iterable[Seal], *, action: str = SEALED) -> int:
    """Put on the trail what the batch's tables hold, but for tables without rows; returns the rows."""
    found = [seal for seal in seals if seal.rows]
    for part, seal in enumerate(found, start=1):
        audit.record(session, action, by=None, target=f"batch:{batch.id}", purpose=told(seal, part, len(found)))
    return sum(seal.rows for seal in found)


def seal_later(session: Session, *, batch_id: int) -> int:
    """Seal a released batch as its archive has it now; returns its rows. Raises NotSealed, SQLAlchemyError.

    Whoever calls knows that it is not sealed yet. What became of its rows before this, nobody can tell.
    """
    batch = session.get(Batch, batch_id, with_for_update=True)
    if batch is None or batch.kind == BatchKind.RESTORE or batch.state != BatchState.RELEASED:
        raise NotSealed(f"batch {batch_id} is none that was released")
    kind = RECORD_TYPES[batch.record_type]
    if not kind.sealed:
        raise NotSealed(f"batch {batch_id} is of events, each of which is proved by itself")
    with databases.read(Store(kind.server)) as archive:
        seals = []
        for table in kind.tables:
            copies, version = archive_table(table), newest_version(table.name)
            rows = select(copies.c.id).where(copies.c[BATCH_COLUMN] == batch_id)
            found = hashes.of_rows(archive.connection(), table, version, rows)
            seals.append(Seal(table.name, found.rows, version, found.contents))
    return record(session, batch, seals, action=SEALED_LATER)
