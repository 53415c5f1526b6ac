"""Resources inside resources, and references that name no id: by identifier, by a query, by the source's own name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.interchange import fhir, resolve
from core.interchange.source_rows import Population
from core.interchange.summary import Summary
from tests import interchange_files as files

MRN = {"system": "urn:mrn", "value": "17"}


def _read(folder: Path, *resources: Any) -> tuple[Population, Summary]:
    population, summary = fhir.read_path(files.bundle(folder, *resources))
    resolve.resolve(population, summary, {})
    return population, summary


def _problem(source_id: str = "c1", **fields: Any) -> dict[str, Any]:
    return files.fhir_child("Condition", source_id, code={"text": "Asthma"}) | fields


def _inside(**fields: Any) -> list[dict[str, Any]]:
    return [{"resourceType": "Patient", "id": "p", "name": [{"text": "Sam Pratt"}]} | fields]


@pytest.mark.parametrize(
    "contained",
    [
        _inside(),
        _inside(identifier=[{"value": "17"}]),
        _inside(identifier=[{"system": "urn:other", "value": "17"}]),
        _inside(identifier=[{"system": "urn:mrn", "value": "18"}]),
        [],
    ],
)
def test_a_contained_patient_whom_nothing_names_is_refused(tmp_path: Path, contained: list[Any]) -> None:
    person = files.fhir_patient(identifier=[MRN])
    population, summary = _read(tmp_path, person, _problem(subject={"reference": "#p"}, contained=contained))
    assert population.of("condition") == []
    (refusal,) = summary.refusals
    assert "contained" in refusal.reason


def test_a_contained_patient_with_a_known_identifier_is_that_patient(tmp_path: Path) -> None:
    person = files.fhir_patient(identifier=[MRN])
    row = _problem(subject={"reference": "#p"}, contained=_inside(identifier=[MRN]))
    population, summary = _read(tmp_path, person, row)
    assert summary.refused == 0
    assert [record.patient for record in population.of("condition")] == [files.PATIENT]


def test_an_identifier_of_two_patients_names_neither(tmp_path: Path) -> None:
    people = [files.fhir_patient(one, identifier=[MRN]) for one in (files.PATIENT, files.OTHER)]
    inside = _problem(subject={"reference": "#p"}, contained=_inside(identifier=[MRN]))
    logical = _problem("c2", subject={"type": "Patient", "identifier": MRN})
    query = _problem("c3", subject={"reference": "Patient?identifier=urn:mrn|17"})
    population, summary = _read(tmp_path, *people, inside, logical, query)
    assert population.of("condition") == []
    assert all("fit" in refusal.reason for refusal in summary.refusals)
    assert len(summary.refusals) == 3


@pytest.mark.parametrize(
    "subject",
    [
        {"type": "Patient", "identifier": MRN},
        {"identifier": MRN},
        {"reference": "Patient?identifier=urn:mrn|17"},
    ],
)
def test_a_patient_is_named_by_an_identifier(tmp_path: Path, subject: dict[str, Any]) -> None:
    population, summary = _read(tmp_path, files.fhir_patient(identifier=[MRN]), _problem(subject=subject))
    assert summary.refused == 0
    assert [record.patient for record in population.of("condition")] == [files.PATIENT]


def test_a_reference_and_an_identifier_that_name_two_patients_are_refused(tmp_path: Path) -> None:
    other = files.fhir_patient(files.OTHER, identifier=[MRN])
    subject = {"reference": f"urn:uuid:{files.PATIENT}", "identifier": MRN}
    unknown = {"reference": f"urn:uuid:{files.PATIENT}", "identifier": {"system": "urn:other", "value": "9"}}
    population, summary = _read(
        tmp_path, files.fhir_patient(), other, _problem(subject=subject), _problem("c2", subject=unknown)
    )
    assert [record.patient for record in population.of("condition")] == [files.PATIENT]
    assert ["names one patient" in refusal.reason for refusal in summary.refusals] == [True]


def test_clinics_practitioners_and_medicines_may_stand_inside(tmp_path: Path) -> None:
    visit = files.fhir_encounter(
        contained=[
            {"resourceType": "Organization", "id": "o", "name": "North Clinic"},
            {"resourceType": "Practitioner", "id": "d", "name": [{"text": "Ada Wong"}]},
        ],
        serviceProvider={"reference": "#o"},
        participant=[{"individual": {"reference": "#d"}}],
    )
    population, summary = _read(tmp_path, files.fhir_patient(), visit)
    assert summary.refused == 0
    assert [record.values["name"] for record in population.of("clinic")] == ["North Clinic"]
    assert [record.values["name"] for record in population.of("practitioner")] == ["Ada Wong"]
