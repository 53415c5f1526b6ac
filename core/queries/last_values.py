"""A patient's last number of each assay before an instant, to compare a new one with."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.models import Observation
from core.queries.hidden_visits import VisitIds, is_visible
from core.queries.newest import newest
from core.stores.counted import counts
from core.stores.tables import hot_table

Placed = tuple[datetime, int, Decimal]


@dataclass(frozen=True)
class _Asked:
    patient_id: int
    assay_ids: Collection[int]
    before: datetime
    hidden_visits: VisitIds
    leave_out: int | None


def last_values(
    session: Session,
    patient_id: int,
    assay_ids: Collection[int],
    *,
    before: datetime,
    hidden_visits: VisitIds,
    leave_out: int | None = None,
) -> Mapping[int, Decimal]:
    """The value of each assay, by its id, without values of hidden visits; an assay without one is left out.

    The patient's picture has the newest of every tier. Before those, among what a visit long ago is written up for, the
    hot rows are looked at alone. `leave_out` is a row that is being corrected.
    """
    asked = _Asked(patient_id, assay_ids, before, hidden_visits, leave_out)
    found = _hot(session, asked)
    for assay_id, placed in _pictured(session, asked):
        found[assay_id] = max(placed, found.get(assay_id, placed))
    return {assay_id: value for assay_id, (_, _, value) in found.items()}


def _pictured(session: Session, asked: _Asked) -> list[tuple[int, Placed]]:
    picture = newest(session, asked.patient_id, hidden_visits=asked.hidden_visits)
    return [
        (item.assay.id, (value.observed_at, value.id, value.value_number))
        for item in picture.assays
        if item.assay.id in asked.assay_ids
        for value in item.latest
        if value.value_number is not None and value.observed_at <= asked.before and value.id != asked.leave_out
    ]


def _hot(session: Session, asked: _Asked) -> dict[int, Placed]:
    newest_first = (Observation.observed_at.desc(), Observation.id.desc())
    place = func.row_number().over(partition_by=Observation.assay_id, order_by=newest_first).label("place")
    table = hot_table("observation")
    placed = (
        select(Observation.assay_id, Observation.observed_at, Observation.id, Observation.value_number, place)
        .where(
            Observation.patient_id == asked.patient_id,
            Observation.assay_id.in_(asked.assay_ids),
            Observation.observed_at <= asked.before,
            Observation.value_number.is_not(None),
            Observation.id != (asked.leave_out or 0),
            is_visible(table, asked.hidden_visits),
            counts(table),
        )
        .subquery()
    )
    rows = session.execute(select(placed).where(placed.c.place == 1))
    return {row.assay_id: (row.observed_at, row.id, row.value_number) for row in rows}
