"""Remarks, sides, grades and doubt that files of others carry beside a code come in, are shown and go out again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.interchange.fhir import exported_resources, observation
from core.models import said
from core.sources.fields import fields as evidence
from tests.fhir_cases import SNOMED, about, measured, only, order, read_with, status

LEFT = {"coding": [{"system": SNOMED, "code": "7771000", "display": "Left"}]}
EYE = {
    "coding": [{"system": SNOMED, "code": "81745001", "display": "Eye"}],
    "extension": [{"url": "http://a.example/laterality", "valueCodeableConcept": LEFT}],
}
DEEP = {
    "extension": [
        {
            "url": "http://a.example/structure",
            "extension": [{"url": "part", "valueCodeableConcept": {"text": "Lower left canine"}}],
        }
    ]
}
FEMUR = {"text": "Femur"}
NOTE = [{"text": "Itched for\n two weeks"}, {"text": "Seen by Dr Ng"}]


def parts(folder: Path, kind: str, resource: dict[str, Any]) -> dict[str, Any]:
    """What was said of the one row of a kind."""
    population, summary = read_with(folder, resource)
    assert not summary.refusals
    return said.read(only(population, kind).values["said"])


@pytest.mark.parametrize(
    ("kind", "resource"),
    [
        ("condition", about("Condition", code={"text": "Eczema"}, note=NOTE)),
        ("allergy", about("AllergyIntolerance", code={"text": "Latex"}, note=NOTE)),
        ("prescription", order(note=NOTE)),
        (
            "prescription",
            about("MedicationStatement", status="active", medicationCodeableConcept={"text": "A"}, note=NOTE),
        ),
        ("statement", about("AllergyIntolerance", code={"text": "NKDA"}, note=NOTE)),
        ("observation", measured(note=NOTE)),
    ],
)
def test_the_notes_of_a_row_are_shown_beside_it(tmp_path: Path, kind: str, resource: dict[str, Any]) -> None:
    told = parts(tmp_path, kind, resource)
    assert said.beside(told) == "Itched for two weeks; Seen by Dr Ng"


@pytest.mark.parametrize(
    ("kind", "export"),
    [("condition", exported_resources.condition), ("prescription", exported_resources.medication_request)],
)
def test_notes_go_out_again(tmp_path: Path, kind: str, export: Any) -> None:
    resource = order(note=NOTE) if kind == "prescription" else about("Condition", code={"text": "Eczema"}, note=NOTE)
    population, _ = read_with(tmp_path, resource)
    assert export(only(population, kind).values)["note"] == [{"text": "Itched for two weeks; Seen by Dr Ng"}]


def test_a_long_note_says_that_it_was_cut(tmp_path: Path) -> None:
    told = parts(tmp_path, "condition", about("Condition", code={"text": "Gout"}, note=[{"text": "x" * 3_000}]))
    assert (len(told["note"]), told["note"][-1]) == (2_000, "…")


@pytest.mark.parametrize(
    ("site", "words"), [(EYE, "Eye, Left"), (DEEP, "Lower left canine"), (FEMUR, "Femur"), ({"text": "Left eye"} | {
        "extension": EYE["extension"]}, "Left eye")]
)  # fmt: skip
def test_the_side_of_a_body_site_is_told(tmp_path: Path, site: dict[str, Any], words: str) -> None:
    assert parts(tmp_path, "observation", measured(bodySite=site))["site"]["text"] == words
    two = [site, {"text": "Skin"}]
    told = parts(tmp_path, "condition", about("Condition", code={"text": "Burn"}, bodySite=two))
    assert told["site"] == {"text": f"{words}; Skin", "codings": []}


def test_how_bad_a_problem_is_and_its_stage(tmp_path: Path) -> None:
    stage = {"summary": {"text": "IIB"}, "type": {"text": "pathological"}}
    severity = {"coding": [{"system": SNOMED, "code": "24484000", "display": "Severe"}]}
    told = parts(tmp_path, "condition", about("Condition", code={"text": "Cancer"}, severity=severity, stage=[stage]))
    assert told["note"] == "severity: Severe; stage: IIB (pathological)"


def test_how_an_allergy_showed_itself(tmp_path: Path) -> None:
    reaction = {"manifestation": [{"text": "Rash"}], "description": "both arms", "note": [{"text": "after an hour"}]}
    whole = about("AllergyIntolerance", code={"text": "Latex"}, reaction=[reaction], lastOccurrence="2019-06")
    assert parts(tmp_path, "allergy", whole)["note"] == "both arms; after an hour; last reaction: 2019-06"


@pytest.mark.parametrize("code", ["UNRELIABLE", "UNCERTREL"])
def test_a_source_that_is_not_sure_of_itself_says_so(tmp_path: Path, code: str) -> None:
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": code}
    whole = about("AllergyIntolerance", code={"text": "Latex"}, meta={"security": [label]})
    assert "reliable" in parts(tmp_path, "allergy", whole)["note"]


def test_a_reported_order_says_so(tmp_path: Path) -> None:
    assert "reported" in parts(tmp_path, "prescription", order(reportedBoolean=True))["note"]
    assert "note" not in parts(tmp_path, "prescription", order(reportedBoolean=False))


@pytest.mark.parametrize("doubt", ["unconfirmed", "presumed"])
def test_no_known_allergies_may_be_doubted(tmp_path: Path, doubt: str) -> None:
    whole = about("AllergyIntolerance", code={"text": "No known drug allergy"})
    whole["verificationStatus"] = status("allergyintolerance-verification", doubt)
    assert parts(tmp_path, "statement", whole)["verification"] == doubt


# Whether a problem is there still


@pytest.mark.parametrize("clinical", [None, {"text": "unknown"}, status("condition-clinical", "unknown")])
def test_a_problem_without_a_clinical_status_is_not_called_active(tmp_path: Path, clinical: Any) -> None:
    population, _ = read_with(tmp_path, about("Condition", code={"text": "Gout"}, clinicalStatus=clinical))
    row = only(population, "condition").values
    told = said.read(row["said"])
    assert (row["status"], said.clinical_words(told, row["status"])) == ("active", "status not stated")
    assert evidence("condition", row)["status"] == "not stated"
    assert "coding" not in exported_resources.condition(row)["clinicalStatus"]
    # As soon as somebody here says that it is over, that counts.
    assert said.clinical_words(told, "resolved") == "resolved"


@pytest.mark.parametrize("ended", [{"abatementDateTime": "2020-01-01"}, {"abatementString": "as a child"}])
def test_a_problem_that_has_ended_needs_no_status(tmp_path: Path, ended: dict[str, Any]) -> None:
    population, _ = read_with(tmp_path, about("Condition", code={"text": "Gout"}, **ended))
    row = only(population, "condition").values
    assert said.clinical_words(said.read(row["said"]), row["status"]) == "resolved"


def test_remission_is_not_resolved(tmp_path: Path) -> None:
    whole = about("Condition", code={"text": "Lymphoma"}, clinicalStatus=status("condition-clinical", "remission"))
    assert said.clinical_words(parts(tmp_path, "condition", whole), "resolved") == "remission"


# What a value stands for


def test_a_value_of_some_time_tells_both_ends(tmp_path: Path) -> None:
    period = {"start": "2016-12-19T08:00:00+08:00", "end": "2016-12-20T08:00:00+08:00"}
    told = parts(tmp_path, "observation", measured(effectiveDateTime=None, effectivePeriod=period))
    assert told["note"] == "from 2016-12-19 to 2016-12-20"


def test_a_judgement_of_the_whole_is_told_of_its_parts(tmp_path: Path) -> None:
    part = {"code": {"text": "QRS"}, "valueQuantity": {"value": 90, "unit": "ms"}}
    whole = measured(component=[part], interpretation=[{"text": "Normal ECG"}])
    del whole["valueQuantity"]
    assert parts(tmp_path, "observation", whole)["note"] == "as a whole: Normal ECG"


@pytest.mark.parametrize("words", ["Fully active, able to work", "Lipaemic sample"])
def test_a_judgement_in_words_of_its_own_is_no_flag(tmp_path: Path, words: str) -> None:
    coding = {"system": "http://lab.example", "code": "L", "display": words}
    population, _ = read_with(tmp_path, measured(interpretation=[{"coding": [coding]}]))
    record = only(population, "observation")
    assert record.judged["interpretation"] is None
    told = said.read(record.values["said"])
    assert said.shown(told) == words
    assay = {"system": None, "code": "2823-3", "name": "Potassium", "category": "laboratory"}
    row = record.judged | record.values
    assert observation.exported(row, assay)["interpretation"] == [{"text": words}]
