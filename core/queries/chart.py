"""What a clinician sees at a glance: current medicines, active problems, latest results. Hot rows only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from core.models import (
    Assay,
    Condition,
    ConditionStatus,
    Observation,
    Prescription,
    PrescriptionStatus,
)

TREND_POINTS = 6
RESULTS_MAX = 40
ABNORMAL = frozenset({"H", "HH", "L", "LL", "A", "AA"})


@dataclass(frozen=True)
class Medicine:
    """A medicine taken now."""

    id: int
    medication: str
    dose: str | None
    frequency: str | None
    instructions: str | None
    reason: str | None
    started_on: date


@dataclass(frozen=True)
class Problem:
    """A problem on the current list."""

    id: int
    name: str
    code: str | None
    onset_on: date | None


@dataclass(frozen=True)
class Point:
    """One numeric value in time."""

    observed_at: datetime
    value: Decimal


@dataclass(frozen=True)
class LatestResult:
    """The newest value of an assay, its range, and the numeric values before it, oldest first, itself last."""

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


@dataclass(frozen=True)
class Chart:
    """A patient's current state; results with an abnormal flag come first, then the newest."""

    medicines: tuple[Medicine, ...]
    problems: tuple[Problem, ...]
    results: tuple[LatestResult, ...]


def chart(session: Session, patient_id: int) -> Chart:
    """A patient's current medicines, active problems and latest results."""
    return Chart(_medicines(session, patient_id), _problems(session, patient_id), _results(session, patient_id))


def _medicines(session: Session, patient_id: int) -> tuple[Medicine, ...]:
    query = (
        select(Prescription)
        .where(Prescription.patient_id == patient_id, Prescription.status == PrescriptionStatus.ACTIVE)
        .order_by(Prescription.medication, Prescription.id)
    )
    return tuple(
        Medicine(row.id, row.medication, row.dose, row.frequency, row.instructions, row.reason, row.started_on)
        for row in session.scalars(query)
    )


def _problems(session: Session, patient_id: int) -> tuple[Problem, ...]:
    query = (
        select(Condition)
        .where(Condition.patient_id == patient_id, Condition.status == ConditionStatus.ACTIVE)
        .order_by(Condition.onset_on.desc(), Condition.id.desc())
    )
    return tuple(Problem(row.id, row.name, row.code, row.onset_on) for row in session.scalars(query))


def _latest_rows(patient_id: int) -> Select[Observation, Assay]:
    newest_first = (
        func.row_number()
        .over(partition_by=Observation.assay_id, order_by=(Observation.observed_at.desc(), Observation.id.desc()))
        .label("place")
    )
    placed = select(Observation.id, newest_first).where(Observation.patient_id == patient_id).subquery()
    return (
        select(Observation, Assay)
        .join(placed, placed.c.id == Observation.id)
        .join(Assay, Assay.id == Observation.assay_id)
        .where(placed.c.place <= TREND_POINTS)
        .order_by(Observation.assay_id, placed.c.place)
    )


def _results(session: Session, patient_id: int) -> tuple[LatestResult, ...]:
    rows = session.execute(_latest_rows(patient_id)).all()
    results = [_latest(list(group)) for _, group in groupby(rows, key=lambda row: row[1].id)]
    results.sort(key=lambda result: (not result.is_abnormal, -result.observed_at.timestamp(), result.name))
    return tuple(results[:RESULTS_MAX])


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
