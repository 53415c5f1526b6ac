"""Plan: count the cold roots, and find late children of archived roots. It reads the replica.

Batches of roots are not cut here but as the run goes, so that their size follows how long steps take.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.archiving import failpoints
from core.archiving.eligible import may_move
from core.models import ArchiveRun, Batch, BatchKind, BatchState
from core.models.record_types import RECORD_TYPES
from core.stores import databases, freshness
from core.stores.databases import Store
from workers.archive import drift
from workers.archive.stragglers import late_roots

PLAN_TIMEOUT_SECONDS = 600


def plan(session: Session, run: ArchiveRun) -> int:
    """Make the run's batches of stragglers; returns its cold roots. A dry run makes no batches. Raises SchemaDrift."""
    record_type = RECORD_TYPES[run.record_type]
    drift.check(session, record_type)
    freshness.wait_for_replica(freshness.primary_position())
    with databases.read(Store.REPLICA, PLAN_TIMEOUT_SECONDS) as replica:
        cold = select(func.count()).select_from(record_type.root).where(may_move(record_type, run.cutoff_at))
        selected = replica.scalar(cold) or 0
        ranges = [] if run.dry_run else list(cut(late_roots(replica, record_type), run.batch_rows))
    failpoints.hit("plan.read")
    for ordinal, (first, last) in enumerate(ranges, start=1):
        session.add(
            Batch(
                run_id=run.id,
                kind=BatchKind.STRAGGLERS,
                record_type=run.record_type,
                ordinal=ordinal,
                state=BatchState.PLANNED,
                first_id=first,
                last_id=last,
                size_reason="rows that came late to archived roots",
            )
        )
    return selected


def cut(ids: Iterable[int], size: int) -> Iterator[tuple[int, int]]:
    """The first and last of each part of `size` ids; the last part may be smaller."""
    first = last = None
    for place, last in enumerate(ids):
        if place % size == 0:
            first = last
        if place % size == size - 1 and first is not None:
            yield first, last
            first = None
    if first is not None and last is not None:
        yield first, last
