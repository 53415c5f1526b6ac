"""What vendors and countries tell in other places or spellings than HL7's is read, or stands beside the row."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from core.interchange.fhir import exported_statements
from core.models import said
from tests import interchange_files as files
from tests.fhir_cases import AT, SNOMED, about, measured, only, order, read_with

EXTENSIONS = "http://hl7.org/fhir/StructureDefinition"


@pytest.mark.parametrize(
    ("told", "severity", "note"),
    [
        ("24484000", "severe", None),
        ("6736007", "moderate", None),
        ("Mild", "mild", None),
        ("very bad", None, "severity: very bad"),
    ],
)
def test_a_severity_in_other_codes(tmp_path: Path, told: str, severity: str | None, note: str | None) -> None:
    reaction = [{"manifestation": [{"text": "Hives"}], "severity": told}]
    population, _ = read_with(tmp_path, about("AllergyIntolerance", code={"text": "Aspirin"}, reaction=reaction))
    values = only(population, "allergy").values
    assert (values["severity"], said.read(values["said"]).get("note")) == (severity, note)


@pytest.mark.parametrize(("told", "kept"), [(["419511003"], None), (["x", "food"], "food")])
def test_a_category_of_another_system_is_no_category(tmp_path: Path, told: list[str], kept: str | None) -> None:
    population, _ = read_with(tmp_path, about("AllergyIntolerance", code={"text": "Nuts"}, category=told))
    assert only(population, "allergy").values["category"] == kept


@pytest.mark.parametrize("media", ["plain/text", "Text", "text/plain; charset=utf-8"])
def test_plain_text_by_another_name(tmp_path: Path, media: str) -> None:
    attachment = {"contentType": media, "data": base64.b64encode(b"Seen today").decode()}
    note = about("DocumentReference", status="current", date=AT, content=[{"attachment": attachment}])
    population, _ = read_with(tmp_path, note)
    assert only(population, "note").values["text"] == "Seen today"


def _rate(kind: str, value: int) -> dict[str, Any]:
    return {"type": {"text": kind}, "doseQuantity": {"value": value, "unit": "mg"}}


@pytest.mark.parametrize(
    ("rates", "dose"),
    [
        ([_rate("Calculated", 15), _rate("Ordered", 10)], "15 mg (calculated), 10 mg (ordered)"),
        ([_rate("Calculated", 10), _rate("Ordered", 10)], "10 mg"),
        ([_rate("Ordered", 10)], "10 mg"),
    ],
)
def test_what_was_calculated_is_no_second_dose(tmp_path: Path, rates: list[Any], dose: str) -> None:
    population, _ = read_with(tmp_path, order(dosageInstruction=[{"doseAndRate": rates}]))
    assert only(population, "prescription").values["dose"] == dose


@pytest.mark.parametrize(("words", "unit"), [("pack-years", "pack-years"), ("1", "1"), (None, "1")])
def test_a_unit_of_one_is_told_by_its_words(tmp_path: Path, words: str | None, unit: str) -> None:
    quantity = {"value": 3, "unit": words, "system": "http://unitsofmeasure.org", "code": "1"}
    population, _ = read_with(tmp_path, measured(valueQuantity={n: v for n, v in quantity.items() if v is not None}))
    assert only(population, "observation").values["unit"] == unit


TWINS = {"url": "http://a.example/ext-Problem.FurtherSpecificationProblemName", "valueString": "twins"}
DUE_TO = {"url": f"{EXTENSIONS}/condition-dueTo", "valueCodeableConcept": {"text": "Incontinence"}}
SITTING = {"url": f"{EXTENSIONS}/observation-bodyPosition", "valueCodeableConcept": {"text": "Sitting"}}


@pytest.mark.parametrize(
    ("kind", "resource", "note"),
    [
        ("condition", about("Condition", code={"text": "Pregnancy", "extension": [TWINS]}), "twins"),
        ("condition", about("Condition", code={"text": "Eczema"}, extension=[DUE_TO]), "due to: Incontinence"),
        ("observation", measured(extension=[SITTING]), "position: Sitting"),
        ("allergy", about("AllergyIntolerance", code={"text": "Nuts", "extension": [TWINS]}), "twins"),
        ("condition", about("Condition", code={"text": "Gout", "extension": [
            {"url": "http://a.example/key", "valueString": "77"}]}), None),
    ],
)  # fmt: skip
def test_what_an_extension_tells_stands_beside(
    tmp_path: Path, kind: str, resource: dict[str, Any], note: str | None
) -> None:
    population, _ = read_with(tmp_path, resource)
    assert said.read(only(population, kind).values["said"]).get("note") == note


def test_why_and_until_when_something_was_done(tmp_path: Path) -> None:
    fields = {"performedPeriod": {"start": "2019-05-01", "end": "2019-05-05"}, "reasonCode": [{"text": "Delirium"}]}
    population, _ = read_with(tmp_path, about("Procedure", status="completed", code={"text": "Restraint"}, **fields))
    values = only(population, "statement").values
    assert values["detail"] == "until 2019-05-05; reason: Delirium"
    out = exported_statements.statement(values)
    assert (out["performedPeriod"]["end"], out["reasonCode"]) == ("2019-05-05", [{"text": "Delirium"}])
    assert out["bodySite"] == []


def test_why_a_vaccine_was_given(tmp_path: Path) -> None:
    why = [{"coding": [{"system": SNOMED, "code": "1", "display": "Travel"}]}]
    vaccine = about("Immunization", status="completed", vaccineCode={"text": "HepA"}, reasonCode=why)
    population, _ = read_with(tmp_path, vaccine | {"occurrenceDateTime": "2020-01-01"})
    values = only(population, "statement").values
    assert values["detail"] == "reason: Travel"
    assert exported_statements.statement(values)["reasonCode"] == [{"text": "Travel"}]


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ({"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "unknown"}, "AMB"),
        ({"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "EMER"}, "EMER"),
        ({"code": "UNK"}, "AMB"),
        ({"code": "IMP"}, "IMP"),
        (None, "AMB"),
    ],
)
def test_a_class_of_a_visit_that_nobody_knows_is_none(tmp_path: Path, told: Any, kept: str) -> None:
    population, summary = read_with(tmp_path, files.fhir_encounter(**{"class": told}))
    assert (only(population, "visit").values["class_code"], summary.refusals) == (kept, [])


def test_what_the_head_of_a_panel_remarks_is_not_lost(tmp_path: Path) -> None:
    head = measured(hasMember=[{"reference": "Observation/o2"}], note=[{"text": "Lives upstairs"}],
                    interpretation=[{"text": "abnormal"}])  # fmt: skip
    del head["valueQuantity"]
    population, summary = read_with(tmp_path, head)
    values = only(population, "observation").values
    assert values["value_text"] == "Lives upstairs; abnormal"
    assert summary.left_out == {}
