"""Which batches the archives have rows of, and of which of those readers see the rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.models import Batch, BatchKind, BatchState
from core.models.record_types import BATCH_COLUMN, RecordType, archive_table
from core.stores import databases
from core.stores.databases import Store

# As core/stores/archived.py has it: of these, and of numbers that are no batch's, readers see the rows.
SETTLED = (BatchState.RELEASED, BatchState.PURGED)


@dataclass(frozen=True)
class Known:
    """What the primary says of a batch."""

    record_type: str
    kind: str
    state: str

    def moves(self, kind: RecordType) -> bool:
        """Whether it is a batch of this type that brings rows to the archive."""
        return self.record_type == kind.name and self.kind != BatchKind.RESTORE


@dataclass(frozen=True)
class Standing:
    """Rows under a batch's number that readers see; `released`, if that batch has left the primary."""

    batch_id: int
    rows: int
    released: bool


def known(session: Session) -> dict[int, Known]:
    """Every batch, as this session's snapshot has it."""
    found = session.execute(select(Batch.id, Batch.record_type, Batch.kind, Batch.state))
    return {batch_id: Known(*said) for batch_id, *said in found}


def brought_back() -> set[int]:
    """The batches whose rows are hot again, as the primary says now: readers do not see what is left of them."""
    with databases.read(Store.HOT) as session:
        return set(session.scalars(select(Batch.id).where(Batch.state == BatchState.RESTORED)))


def standings(kind: RecordType, known: Mapping[int, Known], seconds: float) -> Iterator[Standing]:
    """What stands in a type's archive, by batch, of what readers with that snapshot see.

    Asks the archive server itself, for at most so many seconds. Raises SQLAlchemyError if it does not answer.
    """
    counted = sorted(_rows_by_batch(kind, seconds).items())
    # After the rows were counted: they are hot first, then taken away.
    back = brought_back()
    last = max((batch_id for batch_id, said in known.items() if said.moves(kind)), default=0)
    for batch_id, rows in counted:
        said = known.get(batch_id)
        released = said is not None and said.moves(kind)
        moving = said is not None and released and said.state not in SETTLED
        if batch_id <= last and not moving and batch_id not in back:
            yield Standing(batch_id, rows, released)


def _rows_by_batch(kind: RecordType, seconds: float) -> Counter[int]:
    counted: Counter[int] = Counter()
    with databases.read(Store(kind.server), statement_timeout_seconds=seconds) as archive:
        for table in map(archive_table, kind.tables):
            batch = table.c[BATCH_COLUMN]
            for batch_id, rows in archive.execute(select(batch, func.count()).group_by(batch)):
                counted[batch_id] += rows
    return counted
