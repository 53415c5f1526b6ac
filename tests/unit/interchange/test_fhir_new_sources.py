"""Kinds that servers of other countries showed: units told twice, pressures of parts, reasons as codes, telephones."""

from __future__ import annotations

import base64
import gzip
from pathlib import Path
from typing import Any

import pytest

from core.interchange import fhir
from core.models import said
from tests import interchange_files as files
from tests.fhir_cases import AT, LOINC, SNOMED, about, measured, only, order, read_with

UCUM = "http://unitsofmeasure.org"
ICD = "http://hl7.org/fhir/sid/icd-10"


@pytest.mark.parametrize(
    ("unit", "code", "shown", "told"),
    [
        ("l/l", "%", "L/L", "its unit is told as L/L and coded as %"),
        ("mg/dL", "mmol/L", "mg/dL", "its unit is told as mg/dL and coded as mmol/L"),
        ("mmol/l", "mg/dL", "mmol/L", "its unit is told as mmol/L and coded as mg/dL"),
        ("g/dL", "g/L", "g/dL", "its unit is told as g/dL and coded as g/L"),
        # The same in other words, and words that are no unit of ours.
        ("mmol/l", "mmol/L", "mmol/L", None),
        ("U/L", "[iU]/L", "[iU]/L", None),
        ("10^3/uL", "10*9/L", "10*9/L", None),
        ("millimoles per litre", "mmol/L", "mmol/L", None),
        ("beats/minute", "{beats}/min", "/min", None),
    ],
)
def test_a_unit_that_is_told_twice_is_the_one_in_words(
    tmp_path: Path, unit: str, code: str, shown: str, told: str | None
) -> None:
    quantity = {"value": 0.35, "unit": unit, "system": UCUM, "code": code}
    population, _ = read_with(tmp_path, measured(valueQuantity=quantity))
    values = only(population, "observation").values
    assert values["unit"] == shown
    assert said.read(values["said"]).get("note") == told


def _pressure(*whole: dict[str, str], text: str | None = None) -> dict[str, Any]:
    part = {
        "code": {"coding": [{"system": LOINC, "code": "8480-6", "display": "Systolic blood pressure"}]},
        "valueQuantity": {"value": 25, "unit": "mm[Hg]", "system": UCUM, "code": "mm[Hg]"},
    }
    resource = measured(code={"coding": list(whole), **({"text": text} if text else {})}, component=[part])
    del resource["valueQuantity"]
    return resource


@pytest.mark.parametrize(
    ("whole", "expected"),
    [
        ({"system": SNOMED, "code": "250767002", "display": "Pulmonary artery pressure"},
         "Pulmonary artery pressure: Systolic blood pressure"),
        ({"system": LOINC, "code": "8591-8", "display": "Right ventricular pressure"},
         "Right ventricular pressure: Systolic blood pressure"),
        ({"system": SNOMED, "code": "276755008", "display": "Pulmonary wedge pressure"},
         "Pulmonary wedge pressure: Systolic blood pressure"),
        ({"system": SNOMED, "code": "250767002"}, "code 250767002 (SNOMED CT): Systolic blood pressure"),
        ({"system": SNOMED, "code": "1", "display": "Pulmonary artery blood pressure"},
         "Pulmonary artery blood pressure: Systolic blood pressure"),
        ({"system": SNOMED, "code": "2", "display": "Non-invasive blood pressure"}, "Systolic blood pressure"),
        ({"system": LOINC, "code": "85354-9", "display": "Blood pressure panel"}, "Systolic blood pressure"),
        ({"system": SNOMED, "code": "75367002", "display": "Blood pressure"}, "Systolic blood pressure"),
        ({"system": "http://a.example", "code": "BD", "display": "Blutdruck"}, "Systolic blood pressure"),
    ],
)  # fmt: skip
def test_a_pressure_elsewhere_is_no_blood_pressure(tmp_path: Path, whole: dict[str, str], expected: str) -> None:
    population, _ = read_with(tmp_path, _pressure(whole))
    record = only(population, "observation")
    assert record.assay.name == expected
    is_other = expected != "Systolic blood pressure"
    assert (record.assay.system, "codings" in said.read(record.values["said"])) == (
        ("text", False) if is_other else (None, True)
    )


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ({"coding": [{"system": ICD, "code": "I10"}]}, "Hypertension"),
        ({"coding": [{"system": ICD, "code": "J45"}]}, "code J45 (ICD-10)"),
        ({"coding": [{"system": SNOMED, "code": "22298006"}]}, "code 22298006 (SNOMED CT)"),
        ({"coding": [{"system": "http://a.example", "code": "I10"}]}, "code I10 (a.example)"),
        ({"coding": [{"system": ICD, "code": "I10", "display": "High pressure"}]}, "High pressure"),
        ({"text": "Her wish", "coding": [{"system": ICD, "code": "I10"}]}, "Her wish"),
    ],
)
@pytest.mark.parametrize("is_first", [True, False])
def test_a_reason_that_is_a_code_is_what_a_problem_with_it_is_called(
    tmp_path: Path, reason: dict[str, Any], expected: str, is_first: bool
) -> None:
    code = {"coding": [{"system": ICD, "code": "I10", "display": "Hypertension"}]}
    told = [about("Condition", id="c1", code=code, clinicalStatus={"coding": [{"code": "active"}]})]
    told.insert(0 if is_first else 1, order(reasonCode=[reason]))
    population, _ = read_with(tmp_path, *told)
    assert only(population, "prescription").values["reason"] == expected


@pytest.mark.parametrize(
    ("telecom", "expected"),
    [
        ([{"value": "+41 79 123 45 67"}], "+41 79 123 45 67"),
        ([{"value": "tel:+4179-1234567"}], "+4179-1234567"),
        ([{"value": "(03) 9555 1234"}], "(03) 9555 1234"),
        ([{"value": "555 1234"}, {"system": "phone", "value": "999 8888", "rank": 9}], "999 8888"),
        ([{"value": "ann@a.example"}], None),
        ([{"value": "https://a.example/5551234"}], None),
        ([{"system": "fax", "value": "555 1234"}], None),
        ([{"value": "12"}], None),
        ([{"value": "555 1234", "use": "old"}], None),
    ],
)
def test_a_contact_of_no_kind_is_a_telephone_if_it_can_be_nothing_else(
    tmp_path: Path, telecom: list[dict[str, Any]], expected: str | None
) -> None:
    population, _ = fhir.read_path(files.bundle(tmp_path, files.fhir_patient(telecom=telecom)))
    assert only(population, "patient").values["phone"] == expected


@pytest.mark.parametrize(
    "resource",
    [
        {name: value for name, value in measured().items() if name != "status"},
        {name: value for name, value in order().items() if name != "status"},
        about("Procedure", code={"text": "Appendectomy"}),
        about("MedicationStatement", medicationCodeableConcept={"text": "A"}),
    ],
)
def test_what_has_no_status_is_refused_in_these_words(tmp_path: Path, resource: dict[str, Any]) -> None:
    _, summary = read_with(tmp_path, resource)
    assert [refusal.reason.startswith("it has no status, so nobody knows") for refusal in summary.refusals] == [True]


@pytest.mark.parametrize(
    ("status", "expected"),
    [("asd", "refused"), ("completed", "refused"), ("FINAL", None), ("final", None), ("partial", "partial"),
     ("", "unknown")],
)  # fmt: skip
def test_a_report_of_a_status_that_nobody_knows_is_refused(tmp_path: Path, status: str, expected: str | None) -> None:
    fields = {"status": status, "code": {"text": "X-ray"}, "issued": AT, "conclusion": "Clear"}
    population, summary = read_with(tmp_path, about("DiagnosticReport", **fields))
    if expected == "refused":
        assert [f"status '{status}'" in refusal.reason for refusal in summary.refusals] == [True]
        return
    assert said.read(only(population, "note").values["said"]).get("status") == expected


@pytest.mark.parametrize("told", ["text/plain", "text/html", "application/xml", None])
def test_a_packed_content_is_named_whatever_it_is_called(tmp_path: Path, told: str | None) -> None:
    packed = base64.b64encode(gzip.compress(b"<ClinicalDocument/>")).decode()
    attachment = {"data": packed, "title": "Summary"} | ({"contentType": told} if told else {})
    document = about("DocumentReference", status="current", date=AT, content=[{"attachment": attachment}])
    population, summary = read_with(tmp_path, document)
    assert not summary.refusals
    assert only(population, "note").values["text"] == "[Not kept here: Summary, application/gzip]"
