"""Plan: count the cold roots, and find late children of archived roots. It reads the replica.

Batches of roots are not cut here but as the run goes, so that their size follows how long steps take.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.archiving import failpoints
from core.archiving.eligible import may_move_in, patient_of
from core.models import ArchiveRun, Batch, BatchKind, BatchState, Holding, utc_now
from core.models.record_types import RECORD_TYPES, RecordType
from core.stores import databases, freshness
from core.stores.databases import Store
from workers.archive import cutting, drift, stragglers

PLAN_TIMEOUT_SECONDS = 600


def plan(session: Session, run: ArchiveRun) -> int:
    """Make the run's batches of stragglers; returns its cold roots. Raises SchemaDrift.

    A dry run makes no batches. A run of one patient leaves late rows, which may be anybody's, to the next sweep.
    """
    record_type = RECORD_TYPES[run.record_type]
    drift.check(session, record_type)
    freshness.wait_for_replica(freshness.primary_position())
    takes_late = not run.dry_run and patient_of(run) is None
    run.looked_at_all = takes_late and _is_look_due(session, run)
    late: list[int] = []
    outdated: list[int] = []
    with databases.read(Store.REPLICA, PLAN_TIMEOUT_SECONDS) as replica:
        cold = select(func.count()).select_from(record_type.root).where(may_move_in(run, record_type))
        selected = replica.scalar(cold) or 0
        if takes_late:
            find = stragglers.all_late_roots if run.looked_at_all else stragglers.marked_roots
            late = list(find(replica, record_type)) if _has_copies(replica, record_type) else []
            outdated = stragglers.outdated_marks(replica, record_type, set(late))
    failpoints.hit("plan.read")
    run.last_place = cutting.last_place(session, record_type, selected)
    stragglers.mark_unmarked(session, record_type, late)
    stragglers.remove_marks(session, outdated)
    _add_batches(session, run, late)
    return selected


def _is_look_due(session: Session, run: ArchiveRun) -> bool:
    """Whether no run of this type has looked at every hot row for some days."""
    since = utc_now() - timedelta(days=databases.current().settings.archive_late_look_days)
    looked = select(ArchiveRun.id).where(
        ArchiveRun.record_type == run.record_type, ArchiveRun.looked_at_all, ArchiveRun.started_at > since
    )
    return session.scalar(looked.limit(1)) is None


def _has_copies(session: Session, record_type: RecordType) -> bool:
    """Whether any root has ever left: before the first, no row can be late."""
    return session.scalar(select(Holding.roots).where(Holding.record_type == record_type.name).limit(1)) is not None


def _add_batches(session: Session, run: ArchiveRun, late: list[int]) -> None:
    for ordinal, (first, last) in enumerate(cut(late, run.batch_rows), start=1):
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
