"""Each assay's latest result with its short history, for a clinician's glance. Hot rows only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from core.models import Assay, Observation
from core.queries.hidden_visits import NO_VISITS, VisitIds, is_visible
from core.queries.results import QUESTIONS
from core.stores.tables import hot_table

TREND_POINTS = 6
RESULTS_MAX = 40
ABNORMAL = frozenset({"H", "HH", "L", "LL", "A", "AA"})


@dataclass(frozen=True)
class Point:
    """One numeric value in time."""

    observed_at: datetime
    value: Decimal


@dataclass(frozen=True)
class LatestResult:
    """The newest value of an assay with its range; `points` are the numeric values, oldest first, up to this one."""

    observation_id: int
    assay_id: int
    code: str
    name: str
    category: str
    value_number: Decimal | None
    value_text: str | None
    unit: str | None
    ref_low: Decimal | None
    ref_high: Decimal | None
    interpretation: str | None
    observed_at: datetime
    points: tuple[Point, ...]

    @property
    def is_abnormal(self) -> bool:
        return (self.interpretation or "") in ABNORMAL

    @property
    def trend(self) -> str:
        """`up`, `down` or `level` against the value before it; empty if there is none."""
        if len(self.points) < 2:
            return ""
        before, now = self.points[-2].value, self.points[-1].value
        return "level" if before == now else "up" if now > before else "down"


def latest_results(
    session: Session, patient_id: int, *, hidden_visits: VisitIds = NO_VISITS
) -> tuple[LatestResult, ...]:
    """Each assay's newest result, without results of hidden visits; at most RESULTS_MAX.

    Results with an abnormal flag come first, then the newest.
    """
    rows = session.execute(_latest_rows(patient_id, hidden_visits)).all()
    results = [_latest(list(group)) for _, group in groupby(rows, key=lambda row: row[1].id)]
    results.sort(key=lambda result: (not result.is_abnormal, -result.observed_at.timestamp(), result.name))
    return tuple(results[:RESULTS_MAX])


def _latest_rows(patient_id: int, hidden_visits: VisitIds) -> Select[Observation, Assay]:
    newest_first = (
        func.row_number()
        .over(partition_by=Observation.assay_id, order_by=(Observation.observed_at.desc(), Observation.id.desc()))
        .label("place")
    )
    mine = (Observation.patient_id == patient_id, is_visible(hot_table("observation"), hidden_visits))
    placed = select(Observation.id, newest_first).where(*mine).subquery()
    return (
        select(Observation, Assay)
        .join(placed, placed.c.id == Observation.id)
        .join(Assay, Assay.id == Observation.assay_id)
        .where(placed.c.place <= TREND_POINTS, Assay.category.not_in(QUESTIONS))
        .order_by(Observation.assay_id, placed.c.place)
    )


def _latest(newest_first: Sequence[Row[Observation, Assay]]) -> LatestResult:
    observation, assay = newest_first[0]
    return LatestResult(
        observation_id=observation.id,
        assay_id=assay.id,
        code=assay.code,
        name=assay.short_name,
        category=assay.category,
        value_number=observation.value_number,
        value_text=observation.value_text,
        unit=observation.unit,
        ref_low=observation.ref_low,
        ref_high=observation.ref_high,
        interpretation=observation.interpretation,
        observed_at=observation.observed_at,
        points=_points(row[0] for row in reversed(newest_first)),
    )


def _points(oldest_first: Iterable[Observation]) -> tuple[Point, ...]:
    return tuple(Point(row.observed_at, row.value_number) for row in oldest_first if row.value_number is not None)
