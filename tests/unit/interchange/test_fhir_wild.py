"""What files of other systems say in ways that are not ours, each read as a clinician would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.interchange.fhir import exported_statements
from core.models import said
from tests import interchange_files as files
from tests.fhir_cases import about, measured, only, order, read, read_with, status


def test_the_reasons_of_a_statement_that_was_stopped(tmp_path: Path) -> None:
    stopped = about("MedicationStatement", status="stopped", medicationCodeableConcept={"text": "Ramipril"},
                    statusReason=[{"text": "Angioedema"}, {"text": "Cough"}])  # fmt: skip
    population, _ = read_with(tmp_path, stopped)
    assert said.read(only(population, "prescription").values["said"])["status_reason"] == "Angioedema; Cough"


def test_an_order_whose_validity_is_over_is_not_current(tmp_path: Path) -> None:
    old = order(authoredOn="2015-01-01", dispenseRequest={"validityPeriod": {"end": "2015-02-01"}})
    population, _ = read_with(tmp_path, old)
    assert only(population, "prescription").values["status"] == "unknown"


def test_a_length_by_its_code_alone(tmp_path: Path) -> None:
    repeat = {"boundsDuration": {"value": 7, "unit": "d"}, "frequency": 3, "period": 1, "periodUnit": "d"}
    population, _ = read_with(tmp_path, order(dosageInstruction=[{"timing": {"repeat": repeat}}]))
    assert only(population, "prescription").values["frequency"] == "3 times a day, for 7 days"


@pytest.mark.parametrize(
    "words", ["Allergies: none", "Drug allergies: nil known", "Known allergies: no known allergies"]
)
def test_a_heading_before_what_is_not_there(tmp_path: Path, words: str) -> None:
    population, _ = read_with(tmp_path, about("AllergyIntolerance", code={"text": words}))
    assert (population.of("allergy"), only(population, "statement").values["kind"]) == ([], "negation")


@pytest.mark.parametrize("words", ["Allergies: penicillin", "Allergic to: none"])
def test_a_heading_before_something(tmp_path: Path, words: str) -> None:
    population, _ = read_with(tmp_path, about("AllergyIntolerance", code={"text": words}))
    assert only(population, "allergy").values["substance"] == words


def test_a_reaction_to_a_vaccination_and_a_note_are_told_and_go_out(tmp_path: Path) -> None:
    told = about("Immunization", status="completed", vaccineCode={"text": "MMR"}, occurrenceDateTime="2020-02-01",
                 reaction=[{"detail": {"display": "Anaphylaxis"}}], note=[{"text": "No more of it"}])  # fmt: skip
    population, _ = read_with(tmp_path, told)
    values = only(population, "statement").values
    assert values["detail"] == "reaction: Anaphylaxis; note: No more of it"
    resource = exported_statements.statement(values)
    assert resource["reaction"] == [{"detail": {"display": "Anaphylaxis"}}]
    assert resource["note"] == [{"text": "No more of it"}]


@pytest.mark.parametrize("fields", [{"active": "false"}, {"deceasedBoolean": "true"}])
def test_a_person_with_a_text_for_true_is_refused(tmp_path: Path, fields: dict[str, Any]) -> None:
    _, summary = read(files.bundle(tmp_path, files.fhir_patient(**fields)))
    assert "neither true nor false" in summary.refusals[0].reason


def test_so_is_an_order(tmp_path: Path) -> None:
    _, summary = read_with(tmp_path, order(doNotPerform="true"))
    assert "doNotPerform" in summary.refusals[0].reason


def test_a_period_that_only_ends(tmp_path: Path) -> None:
    whole = measured(effectivePeriod={"end": "2026-10-03"})
    del whole["effectiveDateTime"]
    population, _ = read_with(tmp_path, whole)
    assert only(population, "observation").values["observed_at"].date().isoformat() == "2026-10-03"


def test_blanks_in_a_unit(tmp_path: Path) -> None:
    population, _ = read_with(tmp_path, measured(valueQuantity={"value": 4.1, "unit": "mmol / L"}))
    assert only(population, "observation").values["unit"] == "mmol/L"


def test_the_words_that_the_user_chose(tmp_path: Path) -> None:
    codings = [{"system": "urn:a", "code": "1", "display": "One"},
               {"system": "urn:b", "code": "2", "display": "Chosen", "userSelected": True}]  # fmt: skip
    population, _ = read_with(tmp_path, about("Condition", code={"coding": codings}))
    assert only(population, "condition").values["name"] == "Chosen"


@pytest.mark.parametrize(
    ("code", "flag"), [("HX", "HH"), ("LX", "LL"), ("RR", "POS"), ("NR", "NEG"), ("NS", "R"), ("UNE", "UNE")]
)
def test_more_of_hl7s_flags(tmp_path: Path, code: str, flag: str) -> None:
    population, _ = read_with(tmp_path, measured(interpretation=[status("v3-ObservationInterpretation", code)]))
    assert only(population, "observation").judged["interpretation"] == flag


def test_too_many_components_are_refused_and_those_without_a_value_counted(tmp_path: Path) -> None:
    part = {"code": {"text": "x"}, "valueInteger": 1}
    _, summary = read_with(tmp_path, measured(component=[part] * 41))
    assert "41 components" in summary.refusals[0].reason
    absent = {"code": {"text": "y"}, "dataAbsentReason": {"text": "unknown"}}
    _, summary = read_with(tmp_path, measured(component=[part, absent]))
    assert summary.left_out["component of an Observation without a value"] == 1


ASSERTED = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "ASSERTION"}]}


def test_what_is_asserted_not_to_be_there_is_a_statement(tmp_path: Path) -> None:
    told = [measured(id=f"n{number}", code=ASSERTED, valueCodeableConcept={"text": words})
            for number, words in enumerate(("No H/O: vaccination", "Patient not taking any medications"))]  # fmt: skip
    for one in told:
        del one["valueQuantity"]
    population, _ = read_with(tmp_path, *told)
    assert population.of("observation") == []
    assert [record.values["kind"] for record in population.of("statement")] == ["negation", "negation"]
    resource = exported_statements.statement(population.of("statement")[0].values)
    assert (resource["resourceType"], resource["status"], resource["code"]) == ("Observation", "final", ASSERTED)
    again, _ = read_with(tmp_path, {"id": "n0", "subject": told[0]["subject"], **resource})
    assert only(again, "statement").values["text"] == "No H/O: vaccination"


@pytest.mark.parametrize(
    ("code", "day", "precision"),
    [("AAA", "2004-06-08", None), ("UAA", "2004-06-01", "month"), ("UEA", "2004-01-01", "year"), ("UUU", "None", None)],
)
def test_a_birth_date_is_known_as_far_as_it_says(tmp_path: Path, code: str, day: str, precision: str | None) -> None:
    extension = {"url": "http://hl7.org.au/fhir/StructureDefinition/date-accuracy-indicator",
                 "valueCoding": {"code": code}}  # fmt: skip
    person = files.fhir_patient(birthDate="2004-06-08", _birthDate={"extension": [extension]})
    population, _ = read(files.bundle(tmp_path, person))
    values = only(population, "patient").values
    assert str(values["birth_on"]) == day
    assert said.read(values["said"]).get("dates", {}).get("birth_on") == precision
