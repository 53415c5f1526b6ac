"""What we export says what came in: valid R4, and read again it makes the same row."""

from __future__ import annotations

import base64
import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from core.interchange.fhir import exported_documents, exported_resources, exported_statements, observation
from core.interchange.fhir.exported_resources import bare
from core.interchange.source_rows import Record
from tests import interchange_files as files
from tests.fhir_cases import AT, LOINC, SNOMED, about, measured, order, read_with, status

MAKERS: dict[str, Any] = {
    "condition": exported_resources.condition,
    "allergy": exported_resources.allergy,
    "prescription": exported_resources.medication_request,
    "statement": exported_statements.statement,
    "note": exported_documents.note,
    "visit": exported_resources.encounter,
}
UCUM, LAB = "http://unitsofmeasure.org", "http://lab.example/codes"
TEXT = {"attachment": {"contentType": "text/plain", "data": base64.b64encode(b"Seen.").decode()}}
ICD = {"system": "http://hl7.org/fhir/sid/icd-10", "code": "M10.9", "display": "Gout"}


def _value(**value: Any) -> dict[str, Any]:
    whole = measured(**value)
    if "valueQuantity" not in value:
        del whole["valueQuantity"]
    return whole


def _amount(value: float, unit: str, **more: Any) -> dict[str, Any]:
    return {"valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit, **more}}


CASES = [
    _value(**_amount(5, "mg/L", comparator="<")),
    _value(**_amount(9, "mmol/l", comparator=">=")),
    _value(**_amount(4.0, "mmol/L")),
    _value(**_amount(0.0000004, "g/L")),
    _value(valueQuantity={"value": 3, "unit": "score", "system": UCUM, "code": "1"}),
    _value(valueQuantity={"value": 7, "unit": "tablets"}),
    _value(valueQuantity={"value": 7, "unit": "mg", "system": SNOMED, "code": "258684004"}),
    _value(valueRatio={"numerator": {"value": 1}, "denominator": {"value": 320}}),
    _value(valueRange={"low": {"value": 5, "unit": "cells"}, "high": {"value": 10, "unit": "cells"}}),
    _value(valuePeriod={"start": "2026-01-01", "end": "2026-01-03"}),
    _value(valueInteger=3),
    _value(valueBoolean=False),
    _value(valueString="cloudy"),
    _value(valueCodeableConcept={"coding": [{"system": SNOMED, "code": "260373001", "display": "Detected"}]}),
    measured(code={"text": "Mood"}),
    measured(code={"coding": [{"code": "K", "display": "Potassium"}]}),
    measured(code={"coding": [{"system": LAB, "code": "S-9", "display": "Na"}, {"system": LOINC, "code": "2951-2"}]}),
    measured(status="preliminary", effectiveDateTime="2024-01"),
    measured(interpretation=[{"text": "Lipaemic"}]),
    measured(interpretation=[status("v3-ObservationInterpretation", "HH")]),
    measured(referenceRange=[{"text": "3.5 - 5.0"}]),
    measured(referenceRange=[{"low": {"value": 3, "unit": "mmol/L", "system": UCUM, "code": "mmol/L"}}]),
    measured(referenceRange=[{"high": {"value": 5}, "appliesTo": [{"text": "male"}]}, {"high": {"value": 4}}]),
    about("Condition", code={"coding": [ICD], "text": "Gout"}, onsetDateTime="2019", abatementDateTime="2020-03"),
    about("Condition", code={"text": "Eczema"}, onsetAge={"value": 6, "code": "mo"}, recordedDate="2020-01-01"),
    about("Condition", code={"text": "Gout"}, abatementString="in spring"),
    about("Condition", code={"text": "Gout"}, verificationStatus=status("condition-ver-status", "refuted")),
    about("Condition", code={"text": "Gout"}, verificationStatus=status("condition-ver-status", "differential")),
    about("Condition", code={"text": "No known problems"}),
    about("AllergyIntolerance", code={"coding": [{"system": SNOMED, "code": "91936005"}], "text": "Penicillin"},
          type="intolerance", criticality="high", category=["medication"], recordedDate="2015-08",
          reaction=[{"manifestation": [{"text": "Rash"}], "severity": "mild"},
                    {"manifestation": [{"text": "Shock"}], "severity": "severe"}]),
    about("AllergyIntolerance", code={"text": "Latex"}, onsetDateTime="1998"),
    about("AllergyIntolerance", code={"text": "Latex"}, clinicalStatus={"text": "Resolved"},
          verificationStatus=status("allergyintolerance-verification", "unconfirmed")),
    about("AllergyIntolerance", code={"text": "NKDA"}),
    about("AllergyIntolerance", code={"text": "Nuts"},
          verificationStatus=status("allergyintolerance-verification", "refuted")),
    order(authoredOn="2019-03", statusReason={"text": "pregnancy"}, status="on-hold"),
    order(doNotPerform=True),
    order(intent="plan"),
    order(medicationCodeableConcept={"coding": [{"system": "http://hl7.org/fhir/sid/ndc", "code": "0777-3105-02"}],
                                     "text": "Prozac"}),
    order(dosageInstruction=[{"sequence": 1, "text": "40 mg"}, {"sequence": 2, "text": "10 mg, then stop"}]),
    order(medicationCodeableConcept={"text": "No current medications"}),
    about("MedicationStatement", status="active", medicationCodeableConcept={"text": "A"},
          effectivePeriod={"start": "2019", "end": "2020-02"}, statusReason=[{"text": "pain"}]),
    about("MedicationStatement", status="not-taken", medicationCodeableConcept={"text": "A"}),
    about("Immunization", status="completed", vaccineCode={"text": "HepB"}, occurrenceDateTime="2020", isSubpotent=True,
          protocolApplied=[{"doseNumberPositiveInt": 2}]),
    about("Immunization", status="not-done", vaccineCode={"text": "MMR"}, occurrenceDateTime="2020-01-05",
          statusReason={"text": "egg allergy"}),
    about("Immunization", status="completed", vaccineCode={"text": "Polio"}, occurrenceString="as a child"),
    about("Procedure", status="completed", code={"text": "PCI"}, performedDateTime="2020-03",
          bodySite=[{"text": "Left arm"}], outcome={"text": "good"}, complication=[{"text": "Bleeding"}]),
    about("Procedure", status="not-done", code={"text": "Scan"}, statusReason={"text": "refused"}),
    about("DocumentReference", status="current", date=AT, content=[TEXT], type={"text": "Letter"}),
    about("DocumentReference", status="superseded", content=[TEXT | {"attachment": TEXT["attachment"] | {
        "creation": "2026-10"}}]),
    about("DocumentReference", status="current", docStatus="preliminary", date=AT,
          content=[TEXT, {"attachment": {"contentType": "application/pdf", "title": "Scan", "url": "http://x/1"}}]),
    files.fhir_encounter("e1", subject={"reference": f"urn:uuid:{files.PATIENT}"}, period={"start": "2024-02-29"}),
]  # fmt: skip


def _row(record: Record) -> dict[str, Any]:
    judged = record.judged or {"ref_low": None, "ref_high": None, "interpretation": None}
    row = {**record.values, **(judged if record.kind == "observation" else {})}
    return row | {"said": json.loads(row["said"] or "{}")}


def _exported(record: Record) -> dict[str, Any]:
    row = _row(record) | {"said": record.values["said"]}
    if record.assay is not None:
        assay = {name: getattr(record.assay, name) for name in ("name", "code", "system", "category")}
        return bare(observation.exported(row, assay))
    return bare(MAKERS[record.kind](row))


def _one(folder: Path, resource: dict[str, Any]) -> Record:
    population, summary = read_with(folder, resource)
    assert not summary.refusals
    (record,) = (one for one in population.everything() if one.kind in MAKERS or one.assay is not None)
    return record


@pytest.mark.parametrize("resource", CASES, ids=lambda case: case["resourceType"])
def test_out_and_in_again(tmp_path: Path, resource: dict[str, Any]) -> None:
    record = _one(tmp_path, resource)
    subject = "patient" if resource["resourceType"] in ("AllergyIntolerance", "Immunization") else "subject"
    out = _exported(record) | {"id": "x1", subject: {"reference": f"urn:uuid:{files.PATIENT}"}}
    plain = json.loads(json.dumps(out))
    kind = plain["resourceType"]
    getattr(import_module(f"fhir.resources.R4B.{kind.lower()}"), kind).model_validate(plain)
    again = _one(tmp_path, plain)
    assert (_row(again), again.assay) == (_row(record), record.assay)
