"""Resources of DSTU2, STU3 and R5 are never read as R4, each known by the elements that R4 does not have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.interchange.fhir.versions import NEWER, OLDER, SEVERAL, SIGNS, SINGLE_BEFORE, other_version
from tests.fhir_cases import about, measured, order, read_with

OLD = [
    {"resourceType": "Patient", "id": "p", "name": [{"family": ["Cottrill"], "given": ["Buford"]}]},
    {"resourceType": "Patient", "id": "p", "careProvider": [{"display": "Dr. Wong"}]},
    measured(interpretation={"coding": [{"code": "HH"}]}),
    measured(category={"coding": [{"code": "laboratory"}]}),
    measured(comments="Haemolysed"),
    measured(comment="Haemolysed"),
    measured(related=[{"type": "has-member", "target": {"reference": "Observation/o2"}}]),
    measured(context={"reference": "Encounter/e1"}),
    order(dosageInstruction=[{"doseQuantity": {"value": 40, "unit": "mg"}}]),
    order(requester={"agent": {"reference": "Practitioner/d"}}),
    order(context={"reference": "Encounter/e1"}),
    about("MedicationStatement", status="active", taken="n", medicationCodeableConcept={"text": "A"}),
    about("MedicationStatement", status="active", wasNotTaken=True, medicationCodeableConcept={"text": "A"}),
    about("MedicationStatement", status="active", dosage=[{"quantityQuantity": {"value": 1}}]),
    about("AllergyIntolerance", status="refuted", code={"text": "Latex"}),
    about("AllergyIntolerance", substance={"text": "Latex"}),
    about("Immunization", status="completed", wasNotGiven=True, vaccineCode={"text": "MMR"}),
    about("Immunization", status="completed", notGiven=True, vaccineCode={"text": "MMR"}),
    about("Procedure", status="completed", notDone=True, code={"text": "Bypass"}),
    about("Procedure", status="completed", notPerformed=True, code={"text": "Bypass"}),
    about("Procedure", status="completed", performer=[{"role": {"text": "Surgeon"}}]),
    about("Encounter", status="finished", **{"class": "inpatient"}),
    about("Encounter", status="finished", **{"class": {"code": "AMB"}, "reason": [{"text": "Cough"}]}),
    about("DiagnosticReport", status="final", codedDiagnosis=[{"text": "Gout"}]),
    about("DiagnosticReport", status="final", performer=[{"actor": {"display": "Lab"}}]),
    about("DocumentReference", status="current", indexed="2020-01-01"),
    about("Condition", clinicalStatus="active", code={"text": "Gout"}),
    {"resourceType": "Condition", "id": "c", "patient": {"reference": "Patient/p"}, "code": {"text": "Gout"}},
]
NEW = [
    about("MedicationRequest", status="active", intent="order", medication={"concept": {"text": "A"}}),
    about("MedicationStatement", status="recorded", medication={"concept": {"text": "A"}}),
    about("Procedure", status="completed", code={"text": "Bypass"}, occurrenceDateTime="2020-01-01"),
    about("Encounter", status="completed", **{"class": [{"text": "AMB"}], "reason": [{"use": []}]}),
    about("DocumentReference", status="current", context=[{"reference": "Encounter/e1"}]),
    measured(triggeredBy=[{"type": "reflex"}]),
    about("Condition", participant=[{"actor": {"reference": "Practitioner/d"}}], code={"text": "Gout"}),
]


@pytest.mark.parametrize("resource", OLD)
def test_an_older_resource_is_refused_by_name(tmp_path: Path, resource: dict[str, Any]) -> None:
    population, summary = read_with(tmp_path, resource)
    assert [record.kind for record in population.everything()] == []
    (refusal,) = summary.refusals
    assert "DSTU2" in refusal.reason


@pytest.mark.parametrize("resource", NEW)
def test_a_newer_resource_is_refused_by_name(tmp_path: Path, resource: dict[str, Any]) -> None:
    population, summary = read_with(tmp_path, resource)
    assert [record.kind for record in population.everything()] == []
    assert NEWER in summary.refusals[0].reason


@pytest.mark.parametrize(
    "resource",
    [order(dosageInstruction={"text": "once a day"}), measured(referenceRange={"text": "3.5 - 5.0"}),
     about("AllergyIntolerance", code={"text": "Nuts"}, reaction={"severity": "severe"}),
     about("DocumentReference", status="current", content={"attachment": {}})],
)  # fmt: skip
def test_one_thing_where_r4_has_a_list_is_refused(tmp_path: Path, resource: dict[str, Any]) -> None:
    population, summary = read_with(tmp_path, resource)
    assert [record.kind for record in population.everything()] == ["patient"]
    assert [refusal.reason.endswith("is not a list, as R4 has it") for refusal in summary.refusals] == [True]


def test_no_sign_of_another_version_is_an_element_of_r4() -> None:
    from importlib import import_module

    for kind, signs in SIGNS.items():
        model = getattr(import_module(f"fhir.resources.R4B.{kind.lower()}"), kind)
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        assert not signs.keys() & fields.keys(), kind
        for name in (*SEVERAL.get(kind, ()), *SINGLE_BEFORE.get(kind, ())):
            assert "List" in str(fields[name].annotation), (kind, name)


def test_what_r4_has_is_r4() -> None:
    assert other_version(measured()) is None
    assert other_version(order(dosageInstruction=[{"doseAndRate": [{"doseQuantity": {"value": 1}}]}])) is None
    assert {OLDER, NEWER} == {version for signs in SIGNS.values() for version in signs.values()}
