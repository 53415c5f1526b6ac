"""What an import does to rows that are there, and what it leaves behind when something breaks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select, text

from core.interchange import fhir, imported_people, importer, patient_rows, synthea
from core.models import AccessEvent, ImportedRow, Note, Observation, Patient, Prescription, Visit
from core.stores import databases
from tests import interchange_files as files

DAY = date(2026, 11, 20)
HOSTILE = "<img src=x onerror=alert(1)> '); DROP TABLE patient; -- \u202egnp.exe"
SEEN = HOSTILE.replace("\u202e", "")


def _count(model: Any) -> int:
    with databases.write() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_changed_row_is_updated_once(database: Any, tmp_path: Path) -> None:
    synthea.import_directory(files.write(tmp_path, notes=[files.note()]))
    changed = files.tables(observations=[files.observation(VALUE="8.4")], encounters=[files.visit(STOP="")])
    folder = files.write(tmp_path, changed, notes=[files.note(text="Feels worse.")])
    summary = synthea.import_directory(folder)
    assert [summary.of(kind).updated for kind in ("visit", "observation", "note", "patient")] == [1, 1, 1, 0]
    with databases.write() as session:
        observation, visit = session.scalars(select(Observation)).one(), session.scalars(select(Visit)).one()
        assert (float(observation.value_number or 0), observation.version) == (8.4, 2)
        assert (visit.status, visit.ended_at, visit.version) == ("in-progress", None, 2)
        assert session.scalars(select(Note.text)).one() == "Feels worse."
    assert synthea.import_directory(folder).updated == 0


def test_a_changed_row_that_is_archived_is_refused(database: Any, tmp_path: Path) -> None:
    synthea.import_directory(files.write(tmp_path))
    with databases.write() as session:
        session.execute(delete(Observation))
    same = synthea.import_directory(tmp_path)
    assert (same.of("observation").unchanged, same.refused) == (1, 0)
    files.write(tmp_path, files.tables(observations=[files.observation(VALUE="8.4")]))
    summary = synthea.import_directory(tmp_path)
    assert [(r.file, r.line) for r in summary.refusals] == [("observations.csv", 2)]
    assert "archived" in summary.refusals[0].reason
    assert _count(Observation) == 0


def test_the_first_shift_stays(database: Any, tmp_path: Path) -> None:
    synthea.import_directory(files.write(tmp_path, notes=[files.note()]), shift_to=DAY)
    later = files.tables(encounters=[files.visit(), files.visit("new", START="2020-03-05T00:00:00Z", STOP="")])
    summary = synthea.import_directory(files.write(tmp_path, later), shift_to=DAY + timedelta(days=30))
    assert (summary.of("visit").new, summary.updated) == (1, 0)
    assert "stay as first moved" in summary.remarks[0]
    with databases.write() as session:
        days = [at.date() for at in session.scalars(select(Visit.started_at).order_by(Visit.started_at))]
        assert days == [DAY, DAY + timedelta(days=4)]
        assert session.scalars(select(Note.text)).one().startswith(DAY.isoformat())


def test_fhir_after_csv_adds_what_csv_lacks(database: Any, tmp_path: Path) -> None:
    synthea.import_directory(files.write(tmp_path / "csv"), shift_to=DAY)
    at = "2020-03-01T00:10:00-08:00"
    order = files.fhir_child(
        "MedicationRequest",
        "m1",
        status="active",
        authoredOn=at,
        medicationCodeableConcept={"coding": [{"code": "860975"}], "text": "Metformin 500 MG Oral Tablet"},
        dosageInstruction=[{"text": "Take with food."}],
    )
    person = files.fhir_patient(telecom=[{"system": "phone", "value": "555-1"}])
    path = files.bundle(tmp_path / "fhir", person, files.fhir_encounter(), order)
    summary = fhir.import_path(path, shift_to=DAY + timedelta(days=5))
    assert (summary.new, summary.refused) == (0, 0)
    assert (summary.of("prescription").updated, summary.of("patient").updated) == (1, 1)
    with databases.write() as session:
        prescription = session.scalars(select(Prescription)).one()
        assert (prescription.instructions, prescription.started_on) == ("Take with food.", DAY)
        assert session.scalars(select(Patient.phone)).one() == "555-1"
    assert fhir.import_path(path).updated == 0
    assert synthea.import_directory(tmp_path / "csv").updated == 0


def test_later_files_may_name_earlier_patients_and_visits(database: Any, tmp_path: Path) -> None:
    synthea.import_directory(files.write(tmp_path / "first"), shift_to=DAY)
    only = {"observations": [files.observation(CODE="718-7", UNITS="g/dL", VALUE="9.8")]}
    summary = synthea.import_directory(files.write(tmp_path / "second", only, notes=[files.note()]))
    assert (summary.new, summary.refused) == (2, 0)
    with databases.write() as session:
        visit_id = session.scalars(select(Visit.id)).one()
        observation = session.scalars(select(Observation).where(Observation.interpretation == "L")).one()
        assert (observation.visit_id, observation.observed_at.date()) == (visit_id, DAY)
        assert session.scalars(select(Note.visit_id)).one() == visit_id


def test_hostile_text_is_kept_but_for_marks_that_nobody_sees(database: Any, tmp_path: Path) -> None:
    hostile = files.tables(
        patients=[files.patient(FIRST=HOSTILE, LAST="O'Brien", ADDRESS=HOSTILE)],
        encounters=[files.visit(DESCRIPTION=HOSTILE, REASONDESCRIPTION=HOSTILE)],
        observations=[files.observation(TYPE="text", VALUE=HOSTILE, DESCRIPTION=HOSTILE, UNITS=HOSTILE[:60])],
        medications=[files.medication(DESCRIPTION=HOSTILE, CODE="'; --|x\t\\N")],
    )
    megabyte = HOSTILE * (1024 * 1024 // len(HOSTILE))
    folder = files.write(tmp_path, hostile, notes=[files.note(text=megabyte)])
    summary = synthea.import_directory(folder)
    assert summary.refused == 0
    with databases.write() as session:
        assert session.scalars(select(Patient.name)).one() == f"{SEEN} O'Brien"
        assert session.scalars(select(Observation.value_text)).one() == SEEN
        assert session.scalars(select(Note.text)).one() == megabyte
    assert synthea.import_directory(folder).unchanged == summary.read


def test_a_national_id_of_another_patient_is_refused_with_all_rows(database: Any, tmp_path: Path) -> None:
    patients = [files.patient(), files.patient(files.OTHER, SSN=files.patient()["SSN"])]
    visits = [files.visit(), files.visit(files.OTHER_VISIT, files.OTHER)]
    summary = synthea.import_directory(files.write(tmp_path, files.tables(patients=patients, encounters=visits)))
    assert [(r.file, r.line) for r in summary.refusals] == [("patients.csv", 3), ("encounters.csv", 3)]
    assert "national id belongs to another patient" in summary.refusals[0].reason
    assert "its patient" in summary.refusals[1].reason
    assert (_count(Patient), _count(Visit)) == (1, 1)


def test_what_the_database_refuses_takes_one_patient_only(
    database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imported_people.PeopleHere, "fault", lambda *arguments: None)
    patients = [files.patient(), files.patient(files.OTHER, SSN=files.patient()["SSN"])]
    summary = synthea.import_directory(files.write(tmp_path, files.tables(patients=patients)))
    assert [(r.file, r.line) for r in summary.refusals] == [("patients.csv", 3)]
    assert "the database refused it: duplicate key" in summary.refusals[0].reason
    assert (_count(Patient), _count(Observation)) == (1, 1)


def test_an_id_that_means_another_person_is_refused(database: Any, tmp_path: Path) -> None:
    synthea.import_directory(files.write(tmp_path))
    other = files.tables(patients=[files.patient(FIRST="Someone", LAST="Else", BIRTHDATE="1990-01-01")])
    summary = synthea.import_directory(files.write(tmp_path, other))
    assert "belongs to another person" in summary.refusals[0].reason
    with databases.write() as session:
        assert session.scalars(select(Patient.name)).one() == "Maude Wunsch"


def test_a_crash_leaves_whole_patients_only(database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    patients = [files.patient(), files.patient(files.OTHER)]
    visits = [files.visit(), files.visit(files.OTHER_VISIT, files.OTHER)]
    folder = files.write(tmp_path, files.tables(patients=patients, encounters=visits))
    monkeypatch.setattr(importer, "ROWS_A_TRANSACTION", 1)
    monkeypatch.setattr(patient_rows, "name_visits", _failing_the_second_time(patient_rows.name_visits))
    with pytest.raises(ConnectionError):
        synthea.import_directory(folder)
    assert (_count(Patient), _count(Visit), _count(Observation)) == (1, 1, 1)
    monkeypatch.undo()
    summary = synthea.import_directory(folder)
    assert (summary.of("patient").new, summary.of("patient").unchanged, summary.of("visit").new) == (1, 1, 1)


def _failing_the_second_time(function: Callable[..., None]) -> Callable[..., None]:
    calls = []

    def wrapped(*arguments: Any) -> None:
        calls.append(arguments)
        if len(calls) == 2:
            raise ConnectionError("the server went away")
        function(*arguments)

    return wrapped


def test_one_import_at_a_time(database: Any, tmp_path: Path) -> None:
    folder = files.write(tmp_path)
    with importer.alone(), pytest.raises(importer.ImportRunning, match="another import"):
        synthea.import_directory(folder)
    assert synthea.import_directory(folder).refused == 0


def test_everything_refused_still_ends_well(database: Any, tmp_path: Path) -> None:
    summary = synthea.import_directory(files.write(tmp_path, files.tables(patients=[files.patient(GENDER="?")])))
    assert (_count(Patient), _count(Visit), _count(Observation)) == (0, 0, 0)
    assert summary.refused == 6
    with databases.write() as session:
        assert session.scalar(text("SELECT count(*) FROM imported_row WHERE ref_type = 'patient'")) == 0
        assert session.scalars(select(AccessEvent.action)).all() == ["import.synthea"]
    assert _count(ImportedRow) == 2
