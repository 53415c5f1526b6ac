"""Words that only repeat a code, null flavors as judgements, notes that an extension explains, ids of other lengths."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.models import said
from tests import interchange_files as files
from tests.fhir_cases import SNOMED, about, entry_at, measured, only, order, read, read_with, write_bundle

LAB = "https://lab.example/"


@pytest.mark.parametrize(
    ("manifestation", "shown"),
    [
        ({"coding": [{"system": SNOMED, "code": "126485001", "display": "126485001"}], "text": "126485001"},
         "code 126485001 (SNOMED CT)"),
        ({"coding": [{"system": SNOMED, "code": "126485001", "display": "Urticaria"}], "text": "126485001"},
         "Urticaria"),
        ({"coding": [{"system": LAB, "code": "Rash"}], "text": "Rash"}, "Rash"),
        ({"coding": [{"system": SNOMED, "code": "126485001"}], "text": "2 hives"}, "2 hives"),
        ({"coding": [{"system": SNOMED, "code": "126485001", "display": "Urticaria"}], "text": "UNK"}, "Urticaria"),
    ],
)  # fmt: skip
def test_a_number_that_is_the_code_is_no_wording(tmp_path: Path, manifestation: Any, shown: str) -> None:
    allergy = about("AllergyIntolerance", code={"text": "Latex"}, reaction=[{"manifestation": [manifestation]}])
    population, _ = read_with(tmp_path, allergy)
    assert only(population, "allergy").values["reaction"] == shown


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ({"coding": [{"system": LAB, "code": "77", "display": "Germs"}], "text": "-"}, "Germs"),
        ({"coding": [{"system": LAB, "code": "77"}], "text": " - "}, "code 77 (lab.example)"),
    ],
)
def test_a_dash_names_no_test(tmp_path: Path, code: Any, name: str) -> None:
    population, _ = read_with(tmp_path, measured(code=code))
    assert only(population, "observation").assay.name == name


def test_a_dash_may_be_a_result(tmp_path: Path) -> None:
    told = measured(valueCodeableConcept={"text": "-"})
    del told["valueQuantity"]
    population, _ = read_with(tmp_path, told)
    assert only(population, "observation").values["value_text"] == "-"


@pytest.mark.parametrize(
    "interpretation", [{"coding": [{"code": "NI"}]}, {"text": "N/A"}, {"coding": [{"code": "UNK"}]}]
)
def test_a_null_flavor_is_no_judgement(tmp_path: Path, interpretation: Any) -> None:
    population, _ = read_with(tmp_path, measured(interpretation=[interpretation]))
    record = only(population, "observation")
    assert "judged" not in said.read(record.values["said"])
    assert not record.judged


def test_a_null_flavor_hides_no_judgement_beside_it(tmp_path: Path) -> None:
    both = [{"coding": [{"code": "NI"}]}, {"coding": [{"code": "H"}]}]
    population, _ = read_with(tmp_path, measured(interpretation=both))
    assert only(population, "observation").judged["interpretation"] == "H"


@pytest.mark.parametrize(
    ("extension", "note"),
    [
        ({"valueCodeableConcept": {"coding": [{"system": LAB, "code": "accredited"}]}}, "accredited: No"),
        ({"valueCoding": {"system": LAB, "code": "7", "display": "Sample was haemolytic"}},
         "Sample was haemolytic: No"),
        ({"valueString": "x"}, "No"),
    ],
)  # fmt: skip
def test_what_a_note_is_about_may_stand_beside_it(tmp_path: Path, extension: Any, note: str) -> None:
    noted = [{"text": "No", "extension": [{"url": f"{LAB}kind", **extension}]}]
    vaccination = about("Immunization", status="completed", vaccineCode={"text": "MMR"},
                        occurrenceDateTime="2020-02-01", note=noted)  # fmt: skip
    population, _ = read_with(tmp_path, measured(note=noted), vaccination)
    assert said.read(only(population, "observation").values["said"])["note"] == note
    assert only(population, "statement").values["detail"] == f"note: {note}"


ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"


@pytest.mark.parametrize(
    ("code", "kinds"),
    [
        ({"coding": [{"system": ABSENT, "code": "unknown", "display": "Unknown"}], "text": "Unknown"}, []),
        ({"coding": [{"system": ABSENT, "code": "unknown"}]}, []),
        ({"coding": [{"system": ABSENT, "code": "unknown"}], "text": "A vaccine from abroad"}, ["immunization"]),
        ({"coding": [{"system": ABSENT, "code": "unknown"}], "text": "No known immunizations"}, ["negation"]),
    ],
)
def test_what_was_given_or_not_given_is_named(tmp_path: Path, code: Any, kinds: list[str]) -> None:
    told = about("Immunization", status="not-done", vaccineCode=code, occurrenceDateTime="2020-02-01")
    population, summary = read_with(tmp_path, told)
    assert [record.values["kind"] for record in population.of("statement")] == kinds
    assert (summary.refused == 1) is (not kinds)


@pytest.mark.parametrize("own_id", ["4h-wWe" + 14 * "AbCd_1" + "%3D%3D", "a" * 100])
def test_ids_longer_than_fhir_allows_and_escaped_ones_are_found(tmp_path: Path, own_id: str) -> None:
    base = "https://alex.example/fhir"
    patient = {"resourceType": "Patient", "id": own_id, "name": [{"text": "Ana Tan"}], "birthDate": "1990-01-01"}
    value = measured(subject={"reference": f"Patient/{own_id}"})
    population, summary = read(write_bundle(tmp_path / "b.json", [entry_at(base, value), entry_at(base, patient)]))
    assert (len(population.of("observation")), summary.refused) == (1, 0)
    assert only(population, "observation").patient == only(population, "patient").source_id


def test_a_visit_without_a_status_is_refused_in_words(tmp_path: Path) -> None:
    visit = about("Encounter", period={"start": "2026-10-05"})
    _, summary = read_with(tmp_path, visit)
    assert [refusal.reason for refusal in summary.refusals] == ["it has no status, so nobody knows whether it holds"]


@pytest.mark.parametrize("told", ["0001-01-01", "0001-01-01T00:00:00Z", None, ""])
def test_the_first_day_of_a_calendar_is_no_date(tmp_path: Path, told: str | None) -> None:
    person = files.fhir_patient(birthDate=told, deceasedDateTime=told)
    population, summary = read(files.bundle(tmp_path, person))
    values = only(population, "patient").values
    assert (values["birth_on"], values["deceased_on"], summary.refused) == (None, None, 0)
    assert "deceased" not in said.read(values["said"])


def test_a_year_of_death_is_one(tmp_path: Path) -> None:
    population, _ = read(files.bundle(tmp_path, files.fhir_patient(deceasedDateTime="2001")))
    assert said.read(only(population, "patient").values["said"])["deceased"] is True


@pytest.mark.parametrize(("unit", "dose"), [("1", "2"), ("tablet", "2 tablet")])
def test_unity_is_no_unit_of_a_dose(tmp_path: Path, unit: str, dose: str) -> None:
    told = order(dosageInstruction=[{"doseAndRate": [{"doseQuantity": {"value": 2, "unit": unit}}]}])
    population, _ = read_with(tmp_path, told)
    assert only(population, "prescription").values["dose"] == dose


@pytest.mark.parametrize(("code", "words"), [("2", "code 2"), ("SEE-NOTE", "SEE-NOTE")])
def test_a_number_that_judges_a_value_is_told_as_a_code(tmp_path: Path, code: str, words: str) -> None:
    told = measured(interpretation=[{"coding": [{"system": LAB, "code": code}]}])
    population, _ = read_with(tmp_path, told)
    assert said.read(only(population, "observation").values["said"])["judged"] == words


def test_a_patient_whom_only_a_number_in_the_file_names_is_refused_in_words(tmp_path: Path) -> None:
    person = {"resourceType": "Patient", "name": [{"family": "Tan"}]}
    path = write_bundle(tmp_path / "card.json", [{"fullUrl": "resource:0", "resource": person}])
    _, summary = read(path)
    assert [one.reason for one in summary.refusals] == ["its fullUrl 'resource:0' is no address, and it has no id"]
