"""A patient's record out as FHIR, whole, wherever its rows are, and back in."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from fhir.resources.R4B.bundle import Bundle
from sqlalchemy import func, select

from commands.export import group
from core.interchange import fhir, generate
from core.interchange.fhir.exported_bundle import export_patient
from core.models import AccessEvent, Allergy, Base, Patient, Prescription, Visit
from core.services import archive
from core.stores import databases
from tests.table_contents import rows_of
from tests.tiers import Tiers
from workers.archive import driver

AS_OF = date(2026, 11, 23)
TEXTS = {
    "patient": "national_id_hash, name, sex, birth_on, phone, address, language",
    "visit": "class_code, status, description, reason, started_at, ended_at",
    "observation": "value_number, value_text, unit, ref_low, ref_high, interpretation, observed_at",
    "condition": "code, name, status, onset_on, resolved_on",
    "allergy": "code, substance, category, reaction, severity, criticality, status, recorded_on",
    "prescription": "code, medication, dose, frequency, route, instructions, reason, status, started_on, stopped_on",
    "note": "kind, author, text, written_at",
    "clinic": "name, address",
    "practitioner": "name, speciality",
}


def _content(patient_id: int | None = None) -> dict[str, list[str]]:
    content = {}
    with databases.write() as session:
        for table, columns in TEXTS.items():
            of = Base.metadata.tables[table].c
            if table == "patient":
                mine = of.id == patient_id
            elif table in ("clinic", "practitioner"):
                visited = select(Visit.clinic_id if table == "clinic" else Visit.practitioner_id)
                mine = of.id.in_(visited.where(Visit.patient_id == patient_id))
            else:
                mine = of.patient_id == patient_id
            content[table] = rows_of(session, table, *columns.split(", "), where=mine)
    return content


def _busiest() -> int:
    with databases.write() as session:
        allergic = Prescription.patient_id.in_(select(Allergy.patient_id))
        most = (func.count(Prescription.status.distinct()).desc(), func.count().desc(), Prescription.patient_id)
        query = select(Prescription.patient_id).where(allergic).group_by(Prescription.patient_id).order_by(*most)
        return session.scalars(query.limit(1)).one()


def test_out_and_in_again(database: Any, empty_tables: Callable[[], None], tmp_path: Path) -> None:
    generate.generate(60, 12, 4, AS_OF)
    patient_id = _busiest()
    before = _content(patient_id)
    path = tmp_path / "out.json"
    result = CliRunner().invoke(group, ["fhir", "--patient", str(patient_id), "--out", str(path)])
    assert result.exit_code == 0, result.output
    with databases.write() as session:
        event = session.scalars(select(AccessEvent).where(AccessEvent.action == "patient.export")).one()
        assert event.patient_id == patient_id
    empty_tables()
    Bundle.model_validate_json(path.read_text())
    summary = fhir.import_path(path)
    assert (summary.refusals, summary.new) == ([], summary.read)
    with databases.write() as session:
        back = session.scalars(select(Patient.id)).one()
    assert _content(back) == before


def test_archived_rows_are_in_it(database: Any) -> None:
    patient_id = _partly_archived()
    bundle = export_patient(patient_id)
    kinds = Counter(entry["resource"]["resourceType"] for entry in bundle["entry"])
    assert (kinds["Encounter"], kinds["DocumentReference"]) == (20, 20)


def test_a_silent_archive_is_an_error_not_a_shorter_record(database: Any, tiers: Tiers) -> None:
    patient_id = _partly_archived()
    tiers.of["visits"].stop()
    try:
        result = CliRunner().invoke(group, ["fhir", "--patient", str(patient_id)])
    finally:
        tiers.of["visits"].start()
    assert result.exit_code == 1
    assert "not answering" in result.output


def _partly_archived() -> int:
    """A patient with twenty visits, most of them archived."""
    generate.generate(1, 20, 1, AS_OF)
    with databases.write() as session:
        as_of = datetime.combine(AS_OF, time(), UTC)
        run = archive.start_run(session, record_type="visit", by=None, as_of=as_of, batch_rows=100)
    driver.drive(run.id)
    with databases.write() as session:
        assert session.scalar(select(func.count()).select_from(Visit)) < 20
    return _any_patient()


def test_no_such_patient(database: Any) -> None:
    result = CliRunner().invoke(group, ["fhir", "--patient", "7"])
    assert (result.exit_code, result.output) == (1, "Error: there is no patient 7\n")
    with databases.write() as session:
        assert session.scalars(select(AccessEvent)).all() == []


def test_it_is_json_on_standard_output(database: Any) -> None:
    generate.generate(1, 3, 1, AS_OF)
    result = CliRunner().invoke(group, ["fhir", "--patient", str(_any_patient())])
    kinds = {entry["resource"]["resourceType"] for entry in json.loads(result.stdout)["entry"]}
    assert {"Patient", "Encounter", "DocumentReference", "Organization", "Practitioner"} <= kinds


def _any_patient() -> int:
    with databases.write() as session:
        return session.scalars(select(Patient.id)).first() or 0
