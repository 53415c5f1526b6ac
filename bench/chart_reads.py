"""A chart's reads today, with the newest results from the patient's picture, against those of a chart before there were
pictures, corrections and visits kept apart: the newest of the hot rows alone. Chart by chart in turn, all archives
dead; p95 and the median of each repetition. And a picture's size.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from bench._archived import archive_all
from bench._environment import Environment, environment
from bench._portal import p95
from bench._spread import spread
from core.interchange.generate import generate
from core.models import (
    Allergy,
    Assay,
    Clinic,
    Condition,
    Holding,
    Observation,
    Patient,
    PatientPicture,
    Practitioner,
    Prescription,
    Visit,
)
from core.queries import visit_overview
from core.queries.current_health import current_health
from core.queries.latest_results import latest_results
from core.queries.patients import header
from core.stores import databases
from core.stores.databases import Store

PATIENTS = 2_000
VISITS_A_PATIENT = 20
CHARTS = 400
REPETITIONS = 5
AS_OF = date(2026, 11, 23)
TREND_POINTS = 6
NEWEST = 10
Reads = Callable[[Session, int], Any]


def run(scale: float, say: Callable[[str], None]) -> dict[str, Any]:
    """The ratio of p95, then milliseconds, and bytes a patient."""
    with environment(say) as made:
        patients = round(PATIENTS * scale)
        generate(patients, VISITS_A_PATIENT, 1, AS_OF)
        _archive(say)
        before, now, medians = [], [], []
        _kill_archives(made)
        for repetition in range(REPETITIONS):
            times = [_both(1 + place * patients // CHARTS, repetition % 2 == 0) for place in range(CHARTS)]
            before.append(p95([pair[0] for pair in times]))
            now.append(p95([pair[1] for pair in times]))
            medians.append(statistics.median(pair[1] / pair[0] for pair in times))
            say(f"repetition {repetition + 1}: {before[-1] * 1000:.1f} ms before, {now[-1] * 1000:.1f} ms now")
        sizes = _bytes()
    ratios = [mine / other for mine, other in zip(now, before, strict=True)]
    return {
        "ratio_of_chart_p95_with_dead_archives": spread(ratios),
        "ratio_of_a_chart_median": spread(medians),
        "chart_p95_ms": spread([seconds * 1000 for seconds in now]),
        "before_p95_ms": spread([seconds * 1000 for seconds in before]),
        "picture_bytes": sizes,
    }


def _archive(say: Callable[[str], None]) -> None:
    archive_all("visit")
    with databases.read(Store.HOT) as session:
        left = session.scalar(select(func.count()).select_from(Observation))
    say(f"archived; {left:,} observations are hot")


def _both(patient_id: int, before_first: bool) -> tuple[float, float]:
    if before_first:
        return _seconds(patient_id, _before), _seconds(patient_id, _now)
    now = _seconds(patient_id, _now)
    return _seconds(patient_id, _before), now


def _seconds(patient_id: int, reads: Reads) -> float:
    began = time.perf_counter()
    with databases.read(Store.HOT) as session:
        reads(session, patient_id)
    return time.perf_counter() - began


def _now(session: Session, patient_id: int) -> None:
    header(session, patient_id)
    current_health(session, patient_id)
    visit_overview.overview(session, patient_id, newest=NEWEST)
    latest_results(session, patient_id)


def _before(session: Session, patient_id: int) -> None:
    """Statement by statement what a chart read before pictures, corrections and visits that are kept apart."""
    for build in (_header, _health, _overview):
        for query in build(patient_id):
            session.execute(query).all()
    _of_hot_rows(session, patient_id)


def _header(patient_id: int) -> list[Select[Any]]:
    return [
        select(Patient).where(Patient.id == patient_id),
        select(Allergy).where(Allergy.patient_id == patient_id, Allergy.status == "active").order_by(Allergy.id),
    ]


def _health(patient_id: int) -> list[Select[Any]]:
    return [
        select(Patient).where(Patient.id == patient_id),
        select(Allergy).where(Allergy.patient_id == patient_id).order_by(Allergy.id),
        select(Condition).where(Condition.patient_id == patient_id, Condition.status == "active"),
        select(Prescription).where(Prescription.patient_id == patient_id, Prescription.status == "active"),
    ]


def _overview(patient_id: int) -> list[Select[Any]]:
    mine = Visit.patient_id == patient_id
    newest_first = (Visit.started_at.desc(), Visit.id.desc())
    return [
        select(Holding).where(Holding.patient_id == patient_id, Holding.record_type == "visit"),
        select(Visit).where(mine).order_by(*newest_first).limit(NEWEST),
        select(func.count(), func.min(Visit.started_at)).where(mine),
        select(Clinic.id, Clinic.name).join(Visit, Visit.clinic_id == Clinic.id).where(mine),
        select(Practitioner.id, Practitioner.name).join(Visit, Visit.practitioner_id == Practitioner.id).where(mine),
    ]


def _of_hot_rows(session: Session, patient_id: int) -> Any:
    newest_first = (Observation.observed_at.desc(), Observation.id.desc())
    place = func.row_number().over(partition_by=Observation.assay_id, order_by=newest_first).label("place")
    placed = select(Observation.id, place).where(Observation.patient_id == patient_id).subquery()
    rows = select(Observation, Assay).join(placed, placed.c.id == Observation.id)
    return session.execute(
        rows.join(Assay, Assay.id == Observation.assay_id).where(placed.c.place <= TREND_POINTS)
    ).all()


def _kill_archives(made: Environment) -> None:
    for name in ("logs", "visits", "reports"):
        made.servers.postgres[name].kill()


def _bytes() -> dict[str, float]:
    size = func.length(PatientPicture.content)
    with databases.read(Store.HOT) as session:
        mean, most = session.execute(select(func.avg(size), func.max(size))).one()
    return {"mean": round(float(mean)), "max": float(most)}
