"""FHIR resources for tests: small files, read and linked without a database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from core.interchange import fhir, resolve
from core.interchange.source_rows import Population
from core.interchange.summary import Summary
from tests import interchange_files as files

LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
SINGAPORE = ZoneInfo("Asia/Singapore")
AT = "2026-10-05T09:00:00+08:00"


def entry_at(base: str, resource: dict[str, Any]) -> dict[str, Any]:
    """An entry of a server."""
    return {"fullUrl": f"{base}/{resource['resourceType']}/{resource['id']}", "resource": resource}


def write_bundle(path: Path, entries: list[Any], kind: str = "collection") -> Path:
    """Write a bundle of these entries."""
    path.write_text(json.dumps({"resourceType": "Bundle", "type": kind, "entry": entries}), encoding="utf-8")
    return path


def read(path: Path, **options: Any) -> tuple[Population, Summary]:
    """What a file gives, linked."""
    population, summary = fhir.read_path(path, zone=SINGAPORE, **options)
    resolve.resolve(population, summary, {})
    return population, summary


def read_with(folder: Path, *resources: dict[str, Any]) -> tuple[Population, Summary]:
    """What resources about the patient give, linked."""
    return read(files.bundle(folder, files.fhir_patient(), *resources))


def measured(**fields: Any) -> dict[str, Any]:
    """An Observation of the patient."""
    code = {"coding": [{"system": LOINC, "code": "2823-3", "display": "Potassium"}]}
    quantity = {"value": 4.1, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}
    whole = {"status": "final", "code": code, "effectiveDateTime": AT, "valueQuantity": quantity}
    about = {"subject": {"reference": f"urn:uuid:{files.PATIENT}"}}
    return {"resourceType": "Observation", "id": "o1"} | about | whole | fields


def about(kind: str, **fields: Any) -> dict[str, Any]:
    """A resource about the patient."""
    subject = "patient" if kind in ("AllergyIntolerance", "Immunization") else "subject"
    return {"resourceType": kind, "id": "x1", subject: {"reference": f"urn:uuid:{files.PATIENT}"}} | fields


def order(**fields: Any) -> dict[str, Any]:
    """A MedicationRequest of the patient."""
    whole = {"status": "active", "intent": "order", "authoredOn": AT, "medicationCodeableConcept": {"text": "Aspirin"}}
    return about("MedicationRequest", **(whole | fields))


def status(system: str, code: str) -> dict[str, Any]:
    """A status of one of HL7's code systems."""
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{system}", "code": code}]}


def only(population: Population, kind: str) -> Any:
    """The one record of a kind."""
    (record,) = population.of(kind)
    return record
