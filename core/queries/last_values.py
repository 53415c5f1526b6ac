"""A patient's last number of each assay before an instant, to compare a new one with. Hot rows only."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.models import Observation
from core.queries.hidden_visits import VisitIds, is_visible
from core.stores.tables import hot_table


def last_values(
    session: Session, patient_id: int, assay_ids: Collection[int], *, before: datetime, hidden_visits: VisitIds
) -> Mapping[int, Decimal]:
    """The value of each assay, by its id, without values of hidden visits; an assay without one is left out."""
    newest_first = (Observation.observed_at.desc(), Observation.id.desc())
    place = func.row_number().over(partition_by=Observation.assay_id, order_by=newest_first).label("place")
    placed = (
        select(Observation.assay_id, Observation.value_number, place)
        .where(
            Observation.patient_id == patient_id,
            Observation.assay_id.in_(assay_ids),
            Observation.observed_at <= before,
            Observation.value_number.is_not(None),
            is_visible(hot_table("observation"), hidden_visits),
        )
        .subquery()
    )
    rows = session.execute(select(placed.c.assay_id, placed.c.value_number).where(placed.c.place == 1))
    return {row.assay_id: row.value_number for row in rows}
