"""Where the rows of an import lie: by time, whoever they are about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import select

from core.interchange import fhir, synthea
from core.models import Observation, Visit
from core.stores import databases
from tests import interchange_files as files

HOURS = ("08", "11", "09", "10")


def _started(hour: str) -> str:
    return f"2020-03-01T{hour}:00:00Z"


def test_visits_of_several_people_lie_by_time_and_their_rows_with_them(database: Any, tmp_path: Path) -> None:
    people = (files.PATIENT, files.PATIENT, files.OTHER, files.OTHER)
    visits, values = [], []
    for number, (person, hour) in enumerate(zip(people, HOURS, strict=True)):
        at = _started(hour)
        name = f"{number}{files.VISIT[1:]}" if number else files.VISIT
        visits.append(files.visit(name, person, START=at, STOP=at))
        values.append(files.observation(PATIENT=person, ENCOUNTER=name, DATE=at))
    patients = [files.patient(), files.patient(files.OTHER)]
    tables = files.tables(patients=patients, encounters=visits, observations=values)
    assert synthea.import_directory(files.write(tmp_path, tables)).refused == 0
    with databases.write() as session:
        started = session.scalars(select(Visit.started_at).order_by(Visit.id)).all()
        observed = session.scalars(select(Observation.observed_at).order_by(Observation.id)).all()
    assert [at.strftime("%H") for at in started] == sorted(HOURS)
    assert list(observed) == list(started)


def test_rows_of_a_visit_that_came_before_are_still_with_it(database: Any, tmp_path: Path) -> None:
    fhir.import_path(files.bundle(tmp_path, files.fhir_patient(), files.fhir_encounter()))
    code = {"coding": [{"system": "http://loinc.org", "code": "2823-3", "display": "Potassium"}]}
    quantity = {"value": 4.1, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}
    late = files.fhir_child("Observation", "33333333-3333-3333-3333-333333333333", status="final", code=code,
                            effectiveDateTime=_started("08"), valueQuantity=quantity)  # fmt: skip
    assert fhir.import_path(files.bundle(tmp_path, late, name="late.json")).refused == 0
    with databases.write() as session:
        assert session.scalars(select(Observation.visit_id)).all() == session.scalars(select(Visit.id)).all()
