"""FHIR bundles read and linked, without a database."""

from __future__ import annotations

import base64
import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.interchange import fhir, resolve
from core.interchange.source_rows import Population
from core.interchange.summary import Summary
from tests import interchange_files as files

LOINC = "http://loinc.org"
AT = "2020-03-01T00:00:00-08:00"


def _linked(path: Path) -> tuple[Population, Summary]:
    population, summary = fhir.read_path(path)
    resolve.resolve(population, summary, {})
    return population, summary


def _read(folder: Path, *resources: Any) -> tuple[Population, Summary]:
    return _linked(files.bundle(folder, files.fhir_patient(), files.fhir_encounter(), *resources))


def _observation(source_id: str = "o1", **fields: Any) -> dict[str, Any]:
    code = {"coding": [{"system": "x", "code": "local"}, {"system": LOINC, "code": "4548-4", "display": "HbA1c"}]}
    quantity = {"value": 7.1, "unit": "%", "code": "%"}
    whole = {"status": "final", "code": code, "effectiveDateTime": AT, "valueQuantity": quantity}
    return files.fhir_child("Observation", source_id, **(whole | fields))


def _only(population: Population, kind: str) -> Any:
    (record,) = population.of(kind)
    return record


def test_both_formats_give_a_visit_one_key(tmp_path: Path) -> None:
    from core.interchange import synthea

    csv_population, csv_summary = synthea.read_directory(files.write(tmp_path / "csv"))
    resolve.resolve(csv_population, csv_summary, {})
    population, summary = _read(tmp_path, _observation())
    assert not summary.refusals
    for kind in ("patient", "visit", "observation", "clinic", "practitioner"):
        ours = _only(population, kind)
        assert (ours.other_key or ours.key) == _only(csv_population, kind).key


def test_blood_pressure_comes_apart(tmp_path: Path) -> None:
    def part(code: str, value: int) -> dict[str, Any]:
        return {
            "code": {"coding": [{"system": LOINC, "code": code}]},
            "valueQuantity": {"value": value, "unit": "mm[Hg]"},
        }

    pressure = _observation(component=[part("8480-6", 138), part("8462-4", 82)])
    del pressure["valueQuantity"]
    population, summary = _read(tmp_path, pressure)
    found = {record.natural[0]: record.values["value_number"] for record in population.of("observation")}
    assert found == {"8480-6": 138, "8462-4": 82}
    assert summary.of("observation").read == 2


@pytest.mark.parametrize(
    ("value", "number", "text"),
    [
        ({"valueQuantity": {"value": 7.123, "unit": "%"}}, Decimal("7.123"), None),
        ({"valueQuantity": {"value": 5, "unit": "mg/L", "comparator": "<"}}, None, "< 5"),
        ({"valueCodeableConcept": {"coding": [{"display": "Never smoker"}]}}, None, "Never smoker"),
        ({"valueString": "<b>bold</b>"}, None, "<b>bold</b>"),
        ({"valueBoolean": True}, None, "yes"),
        ({"valueInteger": 3}, Decimal(3), None),
    ],
)
def test_kinds_of_value(tmp_path: Path, value: dict[str, Any], number: Decimal | None, text: str | None) -> None:
    resource = _observation()
    del resource["valueQuantity"]
    population, _ = _read(tmp_path, resource | value)
    values = _only(population, "observation").values
    assert (values["value_number"], values["value_text"]) == (number, text)


@pytest.mark.parametrize(
    "reference",
    [
        f"urn:uuid:{files.PATIENT}",
        f"Patient/{files.PATIENT}",
        f"https://example.org/fhir/Patient/{files.PATIENT}",
        f"Patient/{files.PATIENT}/_history/3",
        f"Patient?identifier=https://github.com/synthetichealth/synthea|{files.PATIENT}",
    ],
)
def test_references_however_written(tmp_path: Path, reference: str) -> None:
    population, summary = _read(tmp_path, _observation(subject={"reference": reference}))
    assert not summary.refusals
    assert _only(population, "observation").patient == files.PATIENT


def test_a_prescription_with_its_dosage(tmp_path: Path) -> None:
    dosage = {
        "text": "Take with food.",
        "timing": {"repeat": {"frequency": 2, "period": 1.0, "periodUnit": "d"}},
        "doseAndRate": [{"doseQuantity": {"value": 1.0, "unit": "tablet"}}],
        "route": {"text": "by mouth"},
    }
    concept = {
        "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "860975"}],
        "text": "Metformin",
    }
    reason = files.fhir_child("Condition", "c1", code={"text": "Diabetes"}, onsetDateTime=AT)
    order = files.fhir_child(
        "MedicationRequest",
        "m1",
        status="stopped",
        authoredOn=AT,
        medicationReference={"reference": "#med"},
        contained=[{"resourceType": "Medication", "id": "med", "code": concept}],
        dosageInstruction=[dosage],
        reasonReference=[{"reference": "urn:uuid:c1"}],
    )
    population, summary = _read(tmp_path, reason, order)
    assert not summary.refusals
    values = _only(population, "prescription").values
    assert (values["medication"], values["dose"], values["frequency"]) == ("Metformin", "1 tablet", "twice a day")
    assert (values["route"], values["instructions"]) == ("by mouth", "Take with food.")
    assert (values["status"], values["reason"], values["code"]) == ("stopped", "Diabetes", "860975")


def test_a_text_is_taken_once(tmp_path: Path) -> None:
    attachment = {"contentType": "text/plain; charset=utf-8", "data": base64.b64encode("Wéll.".encode()).decode()}
    context = {"encounter": [{"reference": f"urn:uuid:{files.OTHER_VISIT}"}]}
    document = files.fhir_child(
        "DocumentReference", "d1", date=AT, content=[{"attachment": attachment}], context=context
    )
    report = files.fhir_child("DiagnosticReport", "r1", issued=AT, presentedForm=[attachment])
    other = files.fhir_child(
        "DiagnosticReport", "r2", issued=AT, presentedForm=[attachment | {"data": base64.b64encode(b"Other").decode()}]
    )
    panel = files.fhir_child("DiagnosticReport", "r3", issued=AT, result=[])
    population, summary = _read(tmp_path, document, report, other, panel)
    assert not summary.refusals
    assert [record.values["text"] for record in population.of("note")] == ["Wéll.", "Other"]
    assert all(record.visit_key for record in population.of("note"))


def test_an_open_and_an_unbegun_encounter(tmp_path: Path) -> None:
    open_one = files.fhir_encounter("e2", status="in-progress", period={"start": "2020-04-01T00:00:00Z"})
    planned = files.fhir_encounter("e3", status="planned")
    population, summary = _read(tmp_path, open_one, planned)
    assert [visit.values["status"] for visit in population.of("visit")] == ["finished", "in-progress"]
    assert not summary.refusals
    told = [(one.place.line, one.reason) for one in population.retractions]
    assert told == [(4, "it was planned, so it is no visit that has begun")]


@pytest.mark.parametrize(
    ("resource", "reason"),
    [
        (_observation(valueQuantity={"value": "much", "unit": "%"}), "is not a number"),
        (_observation(valueQuantity={"unit": "%"}), "is not a number: it has no value"),
        (_observation(valueQuantity=["a", "list"]), "is not a number"),
        (_observation(effectiveDateTime="2020-13-01"), "effectiveDateTime '2020-13-01'"),
        (_observation(code="4548-4"), "code is empty"),
        (_observation(subject={"reference": "urn:uuid:nobody"}), "there is no patient nobody"),
        (_observation(subject=None), "names no patient"),
        (_observation(subject="me"), "names no patient"),
        (files.fhir_patient(birthDate="soon"), "birthDate 'soon'"),
        (files.fhir_patient(gender="F"), "gender 'F'"),
        (files.fhir_patient(name="Maude"), "name is empty"),
        (files.fhir_child("DocumentReference", "d", date=AT, content=[{"attachment": {"data": "***"}}]), "not base64"),
        (files.fhir_child("DocumentReference", "d", date=AT, content=[{"attachment": {"url": "x"}}]), "at most a link"),
        (
            files.fhir_child("DocumentReference", "d", date=AT, content=[{"attachment": {"data": "/w=="}}]),
            "not UTF-8",
        ),
        (files.fhir_child("Condition", "c", code={"text": "\x00"}), "null byte"),
        (files.fhir_child("MedicationRequest", "m", status="mystery"), "no order that was given"),
        ("an entry", "no resource with a resourceType"),
        (None, "no resource with a resourceType"),
    ],
)
def test_a_bad_resource_is_named_and_the_rest_goes_on(tmp_path: Path, resource: Any, reason: str) -> None:
    if isinstance(resource, dict):
        resource = resource | {"id": f"bad-{resource['id']}"}
    population, summary = _read(tmp_path, resource, _observation())
    assert [(r.file, r.line) for r in summary.refusals] == [("bundle.json", 3)]
    assert reason in summary.refusals[0].reason
    assert len(population.of("observation")) == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is not JSON"),
        (b'{"resourceType": "Bundle", "entry": [', "is not JSON"),
        (b"[1]", "is not a FHIR resource"),
        (b'{"resourceType": "Bundle", "entry": {}}', "entry is not a list"),
        ('{"resourceType": "Bundle"}'.encode("utf-16"), "is not UTF-8"),
        (b'{"resourceType": "Bundle", "total": NaN}', "NaN is not a number"),
        (b"[" * 200_000, "nested too deeply"),
    ],
)
def test_a_file_that_is_no_bundle(tmp_path: Path, content: bytes, reason: str) -> None:
    files.bundle(tmp_path, files.fhir_patient())
    (tmp_path / "spoiled.json").write_bytes(content)
    _, summary = _linked(tmp_path)
    assert [(r.file, r.line, r.kind) for r in summary.refusals] == [("spoiled.json", 0, "file")]
    assert reason in summary.refusals[0].reason
    assert summary.of("patient").read == 1


def test_packed_bundles_single_resources_and_a_torn_file(tmp_path: Path) -> None:
    packed = gzip.compress(json.dumps(files.fhir_patient()).encode())
    (tmp_path / "one.json.gz").write_bytes(packed)
    (tmp_path / "torn.json.gz").write_bytes(packed[:-20])
    (tmp_path / "readme.txt").write_text("not this")
    population, summary = _linked(tmp_path)
    assert len(population.of("patient")) == 1
    assert [r.file for r in summary.refusals] == ["torn.json.gz"]


def test_nothing_to_read(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        fhir.read_path(tmp_path)
    with pytest.raises(FileNotFoundError):
        fhir.read_path(tmp_path / "nowhere.json")
