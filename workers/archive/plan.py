"""Plan: cut the cold roots into batches by (time, id). Read from the replica; stage looks again on the primary."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import db, failpoints, freshness
from core.db import Store
from core.models import ArchiveRun, Batch, BatchState, Patient
from core.models.record_types import RECORD_TYPES

PLAN_TIMEOUT_SECONDS = 600


class Edge(NamedTuple):
    """A batch's first or last root: its time, its id, and its place among all cold roots, from 1."""

    at: datetime
    id: int
    place: int


def plan(session: Session, run: ArchiveRun) -> int:
    """Make the run's batches and count its roots. Returns the roots; a dry run makes no batches."""
    edges = _edges(run)
    failpoints.hit("plan.read")
    run.selected = edges[-1].place if edges else 0
    if not run.dry_run:
        for ordinal, (first, last) in enumerate(pairs(edges, run.batch_rows), start=1):
            session.add(_batch(run, ordinal, first, last))
    return run.selected


def pairs(edges: list[Edge], size: int) -> Iterator[tuple[Edge, Edge]]:
    """The first and last root of each batch of `size`; the last batch may be smaller."""
    first: Edge | None = None
    for edge in edges:
        first = first or edge
        if edge.place % size == 0 or edge is edges[-1]:
            yield first, edge
            first = None


def _edges(run: ArchiveRun) -> list[Edge]:
    record_type = RECORD_TYPES[run.record_type]
    root, size = record_type.root, run.batch_rows
    time, patient = root.c[record_type.time_column], root.c[record_type.patient_column]
    held = select(Patient.id).where(Patient.legal_hold)
    place = func.row_number().over(order_by=(time, root.c.id))
    cold = (
        select(time.label("at"), root.c.id.label("id"), place.label("place"))
        .where(record_type.is_cold(run.cutoff_at), patient.is_(None) | patient.not_in(held))
        .subquery()
    )
    total = select(func.max(cold.c.place)).scalar_subquery()
    is_edge = (cold.c.place % size).in_((0, 1)) | (cold.c.place == total)
    freshness.wait_for_replica(freshness.primary_position())
    with db.read(Store.REPLICA, PLAN_TIMEOUT_SECONDS) as session:
        return [Edge(*row) for row in session.execute(select(cold).where(is_edge).order_by(cold.c.place))]


def _batch(run: ArchiveRun, ordinal: int, first: Edge, last: Edge) -> Batch:
    return Batch(
        run_id=run.id,
        record_type=run.record_type,
        ordinal=ordinal,
        state=BatchState.PLANNED,
        roots=last.place - first.place + 1,
        first_at=first.at,
        first_id=first.id,
        last_at=last.at,
        last_id=last.id,
    )
