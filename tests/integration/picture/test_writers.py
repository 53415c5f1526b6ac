"""Each way by which observations come or go keeps the pictures right."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from sqlalchemy import func, select

from commands.picture import group
from core.interchange import synthea
from core.interchange.generate import generate
from core.models import Observation, Patient, PatientPicture
from core.picture import rebuild
from core.services import erasure, patients, visits
from core.services.patients import NewPatient
from core.services.visit_rows import NewObservation, NewVisit
from core.stores import databases
from core.stores.databases import Store
from tests import interchange_files as files
from tests.factories import NOW, make_account, make_assay, make_observation, make_patient, make_visit

BYTES_A_PATIENT = 2_000


def everybody() -> list[int]:
    with databases.read(Store.HOT) as session:
        return list(session.scalars(select(Patient.id)))


def all_are_right() -> bool:
    """Each patient has a picture, none is stale, and all say what the tiers say."""
    with databases.read(Store.HOT) as session:
        pictures = session.scalar(select(func.count()).select_from(PatientPicture))
    return pictures == len(everybody()) and not rebuild.stale() and not rebuild.differences(everybody())


def mean_bytes() -> float:
    with databases.read(Store.HOT) as session:
        return float(session.scalar(select(func.avg(func.length(PatientPicture.content)))) or 0)


def test_a_generated_population(database: Any) -> None:
    generate(40, 20, 1, date(2026, 11, 23))
    assert all_are_right()
    assert 100 < mean_bytes() < BYTES_A_PATIENT


def test_an_imported_population(database: Any, shared_data: Path) -> None:
    synthea.import_directory(shared_data / "synthea-59" / "csv")
    assert all_are_right()
    assert 100 < mean_bytes() < BYTES_A_PATIENT


def test_a_second_import_that_changes_and_adds_rows(database: Any, tmp_path: Path) -> None:
    synthea.import_directory(files.write(tmp_path))
    changed = [files.observation(VALUE="8.4"), files.observation(VALUE="5.1", DATE="2020-03-02T00:10:00Z")]
    summary = synthea.import_directory(files.write(tmp_path, files.tables(observations=changed)))
    assert (summary.of("observation").updated, summary.of("observation").new) == (1, 1)
    assert all_are_right()


def test_a_new_patient_and_a_visit_by_its_form(database: Any) -> None:
    with databases.write() as session:
        clinician = make_account(session)
        assay = make_assay(session)
        new = NewPatient(name="Lim Wei", sex="male", birth_on=date(1980, 2, 3))
        patient = patients.register(session, new=new, today=NOW.date(), by=clinician)
    typed = NewVisit("Review", "AMB", NOW, observations=(NewObservation(assay.id, "7.2"),))
    with databases.write() as session:
        visits.record_visit(session, patient_id=patient.id, new=typed, token="t", by=clinician)
    assert all_are_right()


def test_an_erasure_takes_the_picture_with_it(database: Any) -> None:
    with databases.write() as session:
        patient = make_patient(session)
        make_observation(session, make_visit(session, patient), make_assay(session))
    rebuild.rebuild_all()
    with databases.write() as session:
        erasure.erase_patient(session, patient_id=patient.id, reason="asked", by=None)
        assert session.scalar(select(func.count()).select_from(PatientPicture)) == 0


def test_the_command_rebuilds_every_picture(database: Any) -> None:
    with databases.write() as session:
        patient = make_patient(session)
        make_observation(session, make_visit(session, patient), make_assay(session))
    assert not all_are_right()
    ended = CliRunner().invoke(group, ["rebuild"])
    assert (ended.exit_code, "1 patients' pictures are rebuilt" in ended.output) == (0, True)
    assert all_are_right()
    with databases.write() as session:
        session.query(Observation).update({"value_text": "changed behind its back"})
    assert not all_are_right()
