"""A course of medicine that was current at its import ends by itself, once the day that its source told is over."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select, text

from core.interchange import fhir
from core.models import AccessEvent, Prescription, PrescriptionStatus, said
from core.queries.current_health import current_health
from core.services import courses
from core.stores import databases
from tests import interchange_files as files
from tests.factories import make_patient
from tests.fhir_cases import SINGAPORE, order
from workers.end_courses import end_courses

TODAY = datetime.now(SINGAPORE).date()
WEEK = {"boundsDuration": {"value": 7, "code": "d"}}


def ordered(folder: Path, **fields: Any) -> None:
    fhir.import_path(files.bundle(folder, files.fhir_patient(), order(**fields)))


def passed(days: int) -> None:
    """Let days pass since the import: what was told to come lies so many days earlier."""
    with databases.write() as session:
        for row in session.scalars(select(Prescription)):
            parts = said.read(row.said)
            told = {status: datetime.fromisoformat(last).date() for status, last in parts.get("lapses", {}).items()}
            lapses = {status: (last - timedelta(days=days)).isoformat() for status, last in told.items()}
            row.said = said.write({**parts, "lapses": lapses})


def status() -> str:
    with databases.write() as session:
        return str(session.scalars(select(Prescription.status)).one())


def current() -> list[str]:
    with databases.write() as session:
        row = session.scalars(select(Prescription)).one()
        health = current_health(session, row.patient_id)
        return [line.medication for line in health.medicines] if health is not None else []


@pytest.mark.only_on_postgresql("reads its plan")
def test_courses_are_found_by_an_index(database: Any) -> None:
    """Most medicines tell no end, and most that tell one have ended."""
    with databases.write(60) as session:
        patient = make_patient(session, name="Ana Tan").id
        session.execute(
            text(
                "INSERT INTO prescription (patient_id, medication, status, said, version)"
                " SELECT :patient, 'Aspirin', CASE WHEN n % 10 = 0 THEN 'active' ELSE 'completed' END,"
                " CASE WHEN n % 400 IN (0, 1) THEN :lapses ELSE :nothing END, 1 FROM generate_series(1, 40000) AS n"
            ),
            {"patient": patient, "lapses": '{"lapses":{"completed":"2099-01-01"}}', "nothing": '{"note":"x"}'},
        )
        session.execute(text("ANALYZE prescription"))
        plans: list[str] = []

        def explain(*told: Any) -> None:
            _, cursor, statement, parameters, *_ = told
            rows = cursor.connection.execute(f"EXPLAIN ANALYZE {statement}", parameters).fetchall()
            plans.extend(row[0] for row in rows)

        event.listen(session.connection(), "before_cursor_execute", explain)
        rows = session.execute(courses.told(0)).all()
        event.remove(session.connection(), "before_cursor_execute", explain)
    assert len(rows) == 100
    assert any("ix_prescription_lapses" in line for line in plans), plans
    assert not any("Rows Removed" in line or "Seq Scan" in line for line in plans), plans


@pytest.mark.parametrize(
    ("fields", "days", "expected"),
    [
        ({"dosageInstruction": [{"timing": {"repeat": WEEK}}]}, 7, "active"),
        ({"dosageInstruction": [{"timing": {"repeat": WEEK}}]}, 9, "completed"),
        ({"dosageInstruction": [{"timing": {"repeat": {"boundsPeriod": {
            "end": (TODAY + timedelta(days=3)).isoformat()}}}}]}, 5, "completed"),
        ({"dispenseRequest": {"expectedSupplyDuration": {"value": 30, "code": "d"}}}, 29, "active"),
        ({"dispenseRequest": {"expectedSupplyDuration": {"value": 30, "code": "d"}}}, 32, "unknown"),
        ({}, 4_000, "active"),
    ],
)  # fmt: skip
def test_a_course_ends_with_its_last_day(
    database: Any, tmp_path: Path, fields: dict[str, Any], days: int, expected: str
) -> None:
    ordered(tmp_path, authoredOn=TODAY.isoformat(), **fields)
    assert current() == ["Aspirin"]
    passed(days)
    end_courses()
    assert status() == expected
    assert current() == (["Aspirin"] if expected == "active" else [])
    assert end_courses() == "0 courses of medicine ended"


def test_the_trail_tells_that_it_ended_and_a_doubtful_one_ends_too(database: Any, tmp_path: Path) -> None:
    supply = {"validityPeriod": {"end": (TODAY + timedelta(days=3)).isoformat()}}
    step = {"timing": {"repeat": {"boundsDuration": {"value": 20, "code": "d"}}}}
    ordered(tmp_path, authoredOn=TODAY.isoformat(), dispenseRequest=supply, dosageInstruction=[step])
    for days, expected in ((5, "unknown"), (20, "completed")):
        passed(days)
        assert end_courses() == "1 courses of medicine ended"
        assert status() == expected
    with databases.write() as session:
        events = session.scalars(select(AccessEvent).where(AccessEvent.action == "prescription.lapsed")).all()
        assert [event.patient_id is not None for event in events] == [True, True]


def test_an_order_that_was_stopped_stays_stopped(database: Any, tmp_path: Path) -> None:
    ordered(tmp_path, authoredOn=TODAY.isoformat(), dosageInstruction=[{"timing": {"repeat": WEEK}}])
    passed(30)
    with databases.write() as session:
        row = session.scalars(select(Prescription)).one()
        row.status = PrescriptionStatus.STOPPED
        row_id = row.id
    with databases.write() as session:
        assert courses.end(session, [row_id], TODAY) == 0
    end_courses()
    assert status() == "stopped"
