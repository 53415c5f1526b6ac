"""Small Synthea directories and FHIR bundles, sound until a test spoils them."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

PATIENT = "11111111-1111-1111-1111-111111111111"
OTHER = "22222222-2222-2222-2222-222222222222"
VISIT = "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"
OTHER_VISIT = "bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb"
CLINIC = "cccccccc-cccc-cccc-cccc-cccccccccccc"
DOCTOR = "dddddddd-dddd-dddd-dddd-dddddddddddd"

Tables = dict[str, list[dict[str, str]]]


def patient(source_id: str = PATIENT, **cells: str) -> dict[str, str]:
    """A row of patients.csv."""
    row = {"Id": source_id, "BIRTHDATE": "1960-02-29", "DEATHDATE": "", "SSN": f"999-{source_id[:6]}"}
    row |= {"FIRST": "Maude482", "LAST": "Wunsch504", "GENDER": "F", "ADDRESS": "1 Road", "CITY": "Here"}
    return row | {"STATE": "CA", "ZIP": "90001"} | cells


def visit(source_id: str = VISIT, patient_id: str = PATIENT, **cells: str) -> dict[str, str]:
    """A row of encounters.csv."""
    row = {"Id": source_id, "START": "2020-03-01T08:00:00Z", "STOP": "2020-03-01T08:30:00Z", "PATIENT": patient_id}
    row |= {"ORGANIZATION": CLINIC, "PROVIDER": DOCTOR, "ENCOUNTERCLASS": "ambulatory", "CODE": "185345009"}
    return row | {"DESCRIPTION": "Encounter for symptom", "REASONDESCRIPTION": ""} | cells


def observation(**cells: str) -> dict[str, str]:
    """A row of observations.csv."""
    row = {"DATE": "2020-03-01T08:00:00Z", "PATIENT": PATIENT, "ENCOUNTER": VISIT, "CATEGORY": "laboratory"}
    row |= {"CODE": "4548-4", "DESCRIPTION": "Hemoglobin A1c/Hemoglobin.total in Blood", "VALUE": "7.1"}
    return row | {"UNITS": "%", "TYPE": "numeric"} | cells


def condition(**cells: str) -> dict[str, str]:
    """A row of conditions.csv."""
    row = {"START": "2020-03-01", "STOP": "", "PATIENT": PATIENT, "ENCOUNTER": VISIT}
    return row | {"CODE": "44054006", "DESCRIPTION": "Diabetes"} | cells


def medication(**cells: str) -> dict[str, str]:
    """A row of medications.csv."""
    row = {"START": "2020-03-01T08:10:00Z", "STOP": "", "PATIENT": PATIENT, "ENCOUNTER": VISIT}
    return row | {"CODE": "860975", "DESCRIPTION": "Metformin 500 MG Oral Tablet", "REASONDESCRIPTION": ""} | cells


def note(**fields: Any) -> dict[str, Any]:
    """A line of notes.ndjson."""
    document = {"document_id": "note-1", "patient_id": PATIENT, "fhir_encounter_id": None, "csv_encounter_id": VISIT}
    document |= {"date": "2020-03-01T08:00:00.250+00:00", "type": {"display": "History and physical note"}}
    return document | {"text": "2020-03-01\n\nFeels well since 2020-02-28."} | fields


def tables(**changes: list[dict[str, str]]) -> Tables:
    """One patient with one visit and one row of each kind, but for the files that are given."""
    sound: Tables = {
        "organizations": [{"Id": CLINIC, "NAME": "WELLSPRING THERAPY  INC", "ADDRESS": "2 Road", "CITY": "Here"}],
        "providers": [
            {"Id": DOCTOR, "ORGANIZATION": CLINIC, "NAME": "Víctor493 Noriega353", "SPECIALITY": "GENERAL PRACTICE"}
        ],
        "patients": [patient()],
        "encounters": [visit()],
        "observations": [observation()],
        "conditions": [condition()],
        "allergies": [{"START": "2001-05-05", "PATIENT": PATIENT, "CODE": "111088007", "DESCRIPTION": "Latex"}],
        "medications": [medication()],
    }
    return sound | changes


def write(folder: Path, files: Tables | None = None, notes: list[Any] | None = None) -> Path:
    """Write the files of a Synthea directory; notes as they are if text, else as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (tables() if files is None else files).items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]) if rows else ["Id"])
            writer.writeheader()
            writer.writerows(rows)
    if notes is not None:
        lines = [line if isinstance(line, str) else json.dumps(line) for line in notes]
        (folder / "notes.ndjson").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def bundle(folder: Path, *resources: Any, name: str = "bundle.json") -> Path:
    """Write a collection bundle; each resource may also be an entry of another shape."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = [
        {"fullUrl": f"urn:uuid:{r['id']}", "resource": r} if isinstance(r, dict) and "request" not in r else r
        for r in resources
    ]
    text = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def fhir_patient(source_id: str = PATIENT, **fields: Any) -> dict[str, Any]:
    """A Patient."""
    name = [{"use": "official", "family": "Wunsch504", "given": ["Maude482"]}]
    return {
        "resourceType": "Patient",
        "id": source_id,
        "name": name,
        "gender": "female",
        "birthDate": "1960-02-29",
    } | fields


def fhir_encounter(source_id: str = OTHER_VISIT, **fields: Any) -> dict[str, Any]:
    """The Encounter that `visit()` is, under the id that FHIR gives it."""
    coding = [{"system": "http://snomed.info/sct", "code": "185345009", "display": "Encounter for symptom"}]
    return {
        "resourceType": "Encounter",
        "id": source_id,
        "status": "finished",
        "class": {"code": "AMB"},
        "type": [{"coding": coding, "text": "Encounter for symptom"}],
        "subject": {"reference": f"urn:uuid:{PATIENT}"},
        "period": {"start": "2020-03-01T00:00:00-08:00", "end": "2020-03-01T00:30:00-08:00"},
        "serviceProvider": {"reference": f"Organization?identifier=x|{CLINIC}", "display": "WELLSPRING THERAPY, INC"},
        "participant": [
            {"individual": {"reference": "Practitioner?identifier=npi|9", "display": "Dr. Víctor493 Noriega353"}}
        ],
    } | fields


def fhir_child(kind: str, source_id: str, **fields: Any) -> dict[str, Any]:
    """A resource about the patient at the encounter."""
    about = {"subject": {"reference": f"urn:uuid:{PATIENT}"}, "encounter": {"reference": f"urn:uuid:{OTHER_VISIT}"}}
    return {"resourceType": kind, "id": source_id} | about | fields
