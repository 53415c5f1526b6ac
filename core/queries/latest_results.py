"""Each assay's latest result with its short history, for a clinician's glance. Hot rows only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from core.models import Assay, Observation
from core.queries.hidden_visits import NO_VISITS, VisitIds, is_visible
from core.queries.results import QUESTIONS, Result, result_of
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
    """The newest result of an assay; `points` are the numeric values, oldest first, up to this one."""

    result: Result
    points: tuple[Point, ...]

    @property
    def is_abnormal(self) -> bool:
        return (self.result.interpretation or "") in ABNORMAL

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
    results = [_latest(list(group)) for _, group in groupby(rows, key=lambda row: row.assay_id)]
    results.sort(key=_place)
    return tuple(results[:RESULTS_MAX])


def _place(latest: LatestResult) -> tuple[bool, float, str]:
    return not latest.is_abnormal, -latest.result.observed_at.timestamp(), latest.result.name


def _latest_rows(patient_id: int, hidden_visits: VisitIds) -> Select[Any]:
    """The columns of each observation, newest first under its assay, and that assay."""
    newest_first = (
        func.row_number()
        .over(partition_by=Observation.assay_id, order_by=(Observation.observed_at.desc(), Observation.id.desc()))
        .label("place")
    )
    mine = (Observation.patient_id == patient_id, is_visible(hot_table("observation"), hidden_visits))
    placed = select(Observation.id, newest_first).where(*mine).subquery()
    return (
        select(*Observation.__table__.c, Assay)
        .join(placed, placed.c.id == Observation.id)
        .join(Assay, Assay.id == Observation.assay_id)
        .where(placed.c.place <= TREND_POINTS, Assay.category.not_in(QUESTIONS))
        .order_by(Observation.assay_id, placed.c.place)
    )


def _latest(newest_first: Sequence[Row[Any]]) -> LatestResult:
    newest = newest_first[0]
    points = (
        Point(row.observed_at, row.value_number) for row in reversed(newest_first) if row.value_number is not None
    )
    return LatestResult(result_of(newest._mapping, newest.Assay, is_archived=False), tuple(points))
