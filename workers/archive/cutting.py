"""Cutting batches: the next batch of cold roots, from where the run's last one ended.

A run that moves much of its table goes by place: it reads and writes each page once. One that moves little goes by
time, by an index that holds all it needs. Either way a batch is a range, and what is in the range is looked for again
at each step: a row that an edit moves out of a range, or into one, is dealt with as any edited row.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from core.archiving.eligible import may_move_in
from core.engines.layout import Span
from core.models import ArchiveRun, Batch, BatchKind, BatchState, RunKind
from core.models.record_types import RECORD_TYPES, RecordType
from core.stores import databases
from workers.archive.sizing import next_size


def last_place(session: Session, record_type: RecordType, selected: int) -> int | None:
    """Where a run that moves so many roots ends if it goes by place, which it does if it may touch each page.

    What is written behind this place later is left to the next run, as what is edited is.
    """
    layout, connection = databases.current().adapter.layout, session.connection()
    by_place = selected > layout.pages(connection, record_type.root)
    return layout.end(connection, record_type.root) if by_place else None


def next_batch(session: Session, run: ArchiveRun) -> Batch | None:
    """Cut the next batch of cold roots; None when there are no more."""
    if run.dry_run or run.kind == RunKind.RESTORE:
        return None
    size = next_size(session, run)
    before = session.scalar(
        select(Batch)
        .where(Batch.run_id == run.id, Batch.kind == BatchKind.ROOTS)
        .order_by(Batch.ordinal.desc())
        .limit(1)
    )
    cut = _by_time if run.last_place is None else _by_place
    edges = cut(session, run, before, size.roots)
    if not edges:
        return None
    ordinal = session.scalar(select(func.max(Batch.ordinal)).where(Batch.run_id == run.id)) or 0
    batch = Batch(
        run_id=run.id,
        kind=BatchKind.ROOTS,
        record_type=run.record_type,
        ordinal=ordinal + 1,
        state=BatchState.PLANNED,
        size_reason=size.reason,
        **edges,
    )
    session.add(batch)
    session.flush()
    return batch


def _by_place(session: Session, run: ArchiveRun, before: Batch | None, size: int) -> dict[str, Any]:
    record_type, servers = RECORD_TYPES[run.record_type], databases.current()
    servers.adapter.limits.make_room(session.connection())
    stretch = servers.adapter.layout.next_stretch(
        session.connection(),
        record_type.root,
        may_move_in(run, record_type),
        Span(before.last_place if before is not None else None, run.last_place or 0),
        size,
    )
    if stretch is None:
        return {}
    return {"roots": stretch.rows, "first_place": stretch.first, "last_place": stretch.last}


class Edge(NamedTuple):
    """A batch's first or last root: its time, its id, and its number in the batch, from 1."""

    at: object
    id: int
    number: int


def _by_time(session: Session, run: ArchiveRun, before: Batch | None, size: int) -> dict[str, Any]:
    record_type = RECORD_TYPES[run.record_type]
    at, row_id = record_type.root.c[record_type.time_column], record_type.root.c.id
    cold = select(at.label("at"), row_id.label("id")).where(may_move_in(run, record_type))
    if before is not None:
        cold = cold.where(_after(before, at, row_id))
    chosen = cold.order_by(at, row_id).limit(size).cte("chosen")
    number = func.row_number().over(order_by=(chosen.c.at, chosen.c.id)).label("number")
    numbered = select(chosen, number).cte("numbered")
    count = select(func.count()).select_from(chosen).scalar_subquery()
    query = select(numbered).where(numbered.c.number.in_((1, count))).order_by(numbered.c.number)
    edges = [Edge(*row) for row in session.execute(query)]
    if not edges:
        return {}
    first, last = edges[0], edges[-1]
    return {
        "roots": last.number, "first_at": first.at, "first_id": first.id, "last_at": last.at, "last_id": last.id,
    }  # fmt: skip


def _after(before: Batch, at: ColumnElement[Any], row_id: ColumnElement[int]) -> ColumnElement[bool]:
    return and_(at >= before.last_at, or_(at > before.last_at, row_id > before.last_id))
