"""Where, of what and how a value was measured, and the laboratory's remark, come in, are shown and go out again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.interchange.fhir import observation
from core.models import said
from tests.fhir_cases import SNOMED, measured, only, read_with

SITE = {"coding": [{"system": SNOMED, "code": "368208006", "display": "Left upper arm"}], "text": "Left arm"}
ASSAY = {"system": None, "code": "2823-3", "name": "Potassium", "category": "laboratory"}


def row(folder: Path, **fields: Any) -> dict[str, Any]:
    """The columns of the one value."""
    population, summary = read_with(folder, measured(**fields))
    assert not summary.refusals
    judged = {"ref_low": None, "ref_high": None, "interpretation": None}
    return judged | only(population, "observation").values


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"note": [{"text": "Haemolysed"}, {"text": "Repeat advised"}]}, "Haemolysed; Repeat advised"),
        ({"bodySite": SITE}, "Left arm"),
        ({"method": {"text": "Dipstick"}}, "Dipstick"),
        ({"specimen": {"display": "Urine, mid-stream"}}, "Urine, mid-stream"),
        (
            {"contained": [{"resourceType": "Specimen", "id": "s", "type": {"text": "Pleural fluid"}}],
             "specimen": {"reference": "#s"}}, "Pleural fluid",
        ),
        ({"status": "preliminary", "note": [{"text": "Clotted"}]}, "preliminary, Clotted"),
    ],
)  # fmt: skip
def test_it_is_shown_and_goes_out(tmp_path: Path, fields: dict[str, Any], shown: str) -> None:
    values = row(tmp_path, **fields)
    assert said.shown(said.read(values["said"])) == shown
    resource = observation.exported(values, ASSAY)
    for name in ("bodySite", "method"):
        assert resource[name] == fields.get(name)
    told = fields.get("note")
    assert [one["text"] for one in resource["note"]] == (["; ".join(one["text"] for one in told)] if told else [])


@pytest.mark.parametrize(
    "value",
    [
        {"valueString": "UNK"},
        {"valueString": "ASKU"},
        {"valueCodeableConcept": {"text": "NI"}},
        {"valueCodeableConcept": {"coding": [{"code": "NASK"}]}},
        {"valueCodeableConcept": {"coding": [{"system": "http://hl7.org/fhir/v3/NullFlavor", "code": "UNK",
                                              "display": "unknown"}]}},
        {"valueCodeableConcept": {"coding": [{"system": "urn:oid:2.16.840.1.113883.5.1008", "code": "NAV"}]}},
    ],
)  # fmt: skip
def test_a_null_flavor_is_no_value(tmp_path: Path, value: dict[str, Any]) -> None:
    whole = measured(**value)
    del whole["valueQuantity"]
    population, _ = read_with(tmp_path, whole)
    assert population.of("observation") == []
    assert "it has no value" in population.retractions[0].reason


@pytest.mark.parametrize("words", ["Unknown if ever smoked", "Na", "None seen", "Nil"])
def test_a_finding_stays_one(tmp_path: Path, words: str) -> None:
    whole = measured(valueString=words)
    del whole["valueQuantity"]
    population, _ = read_with(tmp_path, whole)
    assert only(population, "observation").values["value_text"] == words
