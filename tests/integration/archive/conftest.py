"""A small population with recent and old visits, and a reader that counts them in all tiers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.models import (
    ArchiveRun,
    Assay,
    Condition,
    Note,
    Observation,
    Patient,
    Prescription,
    Visit,
    VisitStatus,
)
from core.services import archive
from core.stores import archived, databases
from core.stores.databases import Store
from core.stores.tables import linked_table
from workers.archive import driver

NOW = datetime(2026, 11, 1, 3, 0, tzinfo=UTC)
PATIENTS, VISITS = 3, 8
# So many jobs may drive a run of a test: one that waits for more than a machine's slowness shows itself.
JOBS = 10


@pytest.fixture
def with_settings(database: Any) -> Callable[..., None]:
    """Call it to change settings of this process for the test."""

    def change(**values: Any) -> None:
        databases.current().settings = databases.current().settings.model_copy(update=values)

    return change


@pytest.fixture
def population(database: Any) -> list[int]:
    """Three patients, each with a visit every 60 days up to NOW; of eight visits, four or five are cold."""
    return populate()


def populate() -> list[int]:
    """Make the population in empty tables; returns the patients' ids."""
    with databases.write() as session:
        assay = Assay(code="4548-4", name="Hemoglobin A1c", short_name="HbA1c", unit="%", category="laboratory")
        patients = [Patient(name=f"Patient {n}", sex="female", birth_on=date(1960, 1, n + 1)) for n in range(PATIENTS)]
        session.add_all([assay, *patients])
        session.flush()
        for patient in patients:
            for n in range(VISITS):
                _visit(session, patient.id, assay.id, NOW - timedelta(days=60 * n + 1))
        return [patient.id for patient in patients]


def _visit(session: Any, patient_id: int, assay_id: int, at: datetime) -> None:
    visit = Visit(
        patient_id=patient_id, class_code="ambulatory", status=VisitStatus.CLOSED, started_at=at,
        ended_at=at + timedelta(minutes=20), description="Review\tof \\N \n 'diabetes' – 糖尿病",
    )  # fmt: skip
    session.add(visit)
    session.flush()
    common = {"patient_id": patient_id, "visit_id": visit.id}
    session.add_all(
        [
            Note(**common, kind="Progress note", text="Feels well.\n\\. \t", written_at=at),
            Observation(**common, assay_id=assay_id, value_number=7.25, unit="%", observed_at=at),
            Prescription(**common, medication="Metformin", status="active", started_on=at.date()),
            Prescription(**common, medication="Ibuprofen", status="completed", started_on=at.date()),
            Condition(**common, name="Cough", status="resolved", onset_on=at.date(), resolved_on=at.date()),
        ]
    )


def start(record_type: str = "visit", batch_rows: int = 4, **values: Any) -> int:
    """Start a run as of NOW; returns its id."""
    with databases.write() as session:
        run = archive.start_run(session, record_type=record_type, by=None, as_of=NOW, batch_rows=batch_rows, **values)
        return run.id


def run_to_end(record_type: str = "visit", **values: Any) -> ArchiveRun:
    """Start a run and drive it until it rests, which takes more than one job on a slow machine."""
    run_id = start(record_type, **values)
    for _job in range(JOBS):
        if "rests" in driver.drive(run_id):
            break
    with databases.read(Store.HOT) as session:
        return session.get_one(ArchiveRun, run_id)


def seen(table: str, record_type: str = "visit") -> Counter[int]:
    """How often each row of a table is seen by a reader of hot, then cold; once each, if all is well."""
    hot_table = db_table(table)
    with databases.read(Store.HOT) as session:
        hot = Counter(session.scalars(select(hot_table.c.id)).all())
        window = archived.window(session, record_type)
    linked = linked_table(table)
    cold = Counter(
        row["id"] for row in archived.fetch(record_type, select(linked.c.id).where(archived.visible(linked, window)))
    )
    return hot + cold


def db_table(name: str) -> Any:
    """The hot table of that name."""
    from core.models import Base

    return Base.metadata.tables[name]
