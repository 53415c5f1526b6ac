"""A patient's record out as FHIR, whole, wherever its rows are, and back in."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from sqlalchemy import func, select, text

from commands.export import group
from core import db
from core.embedded.servers import Servers
from core.interchange import fhir, fhir_export, generate
from core.models import AccessEvent, Patient, Visit
from core.services import archive
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
    with db.write() as session:
        for table, columns in TEXTS.items():
            mine = {"patient": "id = :id", "clinic": "true", "practitioner": "true"}.get(table, "patient_id = :id")
            if table in ("clinic", "practitioner"):
                mine = f"id IN (SELECT {table}_id FROM visit WHERE patient_id = :id)"
            query = text(f"SELECT ({columns})::text FROM {table} WHERE {mine} ORDER BY 1")
            content[table] = list(session.scalars(query, {"id": patient_id}))
    return content


def _busiest() -> int:
    with db.write() as session:
        query = (
            "SELECT patient_id FROM prescription WHERE patient_id IN (SELECT patient_id FROM allergy)"
            " GROUP BY 1 ORDER BY count(DISTINCT status) DESC, count(*) DESC, 1"
        )
        return int(session.scalar(text(query)) or 0)


def test_out_and_in_again(database: Any, empty: Callable[[], None], tmp_path: Path) -> None:
    generate.generate(60, 12, 4, AS_OF)
    patient_id = _busiest()
    before = _content(patient_id)
    path = tmp_path / "out.json"
    result = CliRunner().invoke(group, ["fhir", "--patient", str(patient_id), "--out", str(path)])
    assert result.exit_code == 0, result.output
    with db.write() as session:
        event = session.scalars(select(AccessEvent).where(AccessEvent.action == "patient.export")).one()
        assert event.patient_id == patient_id
    empty()
    summary = fhir.import_path(path)
    assert (summary.refusals, summary.new) == ([], summary.read)
    with db.write() as session:
        back = session.scalars(select(Patient.id)).one()
    assert _content(back) == before


def test_archived_rows_are_in_it(database: Any) -> None:
    patient_id = _partly_archived()
    bundle = fhir_export.export_patient(patient_id)
    kinds = Counter(entry["resource"]["resourceType"] for entry in bundle["entry"])
    assert (kinds["Encounter"], kinds["DocumentReference"]) == (20, 20)


def test_a_silent_archive_is_an_error_not_a_shorter_record(database: Any, servers: Servers) -> None:
    patient_id = _partly_archived()
    servers.postgres["visits"].stop()
    try:
        result = CliRunner().invoke(group, ["fhir", "--patient", str(patient_id)])
    finally:
        servers.postgres["visits"].start()
    assert result.exit_code == 1
    assert "not answering" in result.output


def _partly_archived() -> int:
    """A patient with twenty visits, most of them archived."""
    generate.generate(1, 20, 1, AS_OF)
    with db.write() as session:
        as_of = datetime.combine(AS_OF, time(), UTC)
        run = archive.start_run(session, record_type="visit", by=None, as_of=as_of, batch_rows=100)
    driver.drive(run.id)
    with db.write() as session:
        assert session.scalar(select(func.count()).select_from(Visit)) < 20
    return _any_patient()


def test_no_such_patient(database: Any) -> None:
    result = CliRunner().invoke(group, ["fhir", "--patient", "7"])
    assert (result.exit_code, result.output) == (1, "Error: there is no patient 7\n")
    with db.write() as session:
        assert session.scalars(select(AccessEvent)).all() == []


def test_it_is_json_on_standard_output(database: Any) -> None:
    generate.generate(1, 3, 1, AS_OF)
    result = CliRunner().invoke(group, ["fhir", "--patient", str(_any_patient())])
    kinds = {entry["resource"]["resourceType"] for entry in json.loads(result.stdout)["entry"]}
    assert {"Patient", "Encounter", "DocumentReference", "Organization", "Practitioner"} <= kinds


def _any_patient() -> int:
    with db.write() as session:
        return session.scalars(select(Patient.id)).first() or 0
