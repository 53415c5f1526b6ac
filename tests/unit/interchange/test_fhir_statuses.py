"""Statuses of other vendors' spelling, courses that have ended, and what is no finding, no medicine, no patient."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.interchange import absence
from tests import interchange_files as files
from tests.fhir_cases import SNOMED, about, measured, only, order, read, read_with, status

EPIC = {"coding": [{"system": "urn:oid:1.2.840.114350.1.13.0.1.7.2.768076", "code": "3", "display": "Refuted"}]}
LOCAL_FIRST = {
    "coding": [
        {"system": "https://fhir.cerner.com/code", "code": "4120", "display": "Confirmed"},
        {"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": "refuted"},
    ]
}
WORDS = {"text": "Entered in error"}


@pytest.mark.parametrize("verification", [EPIC, LOCAL_FIRST, {"text": "Refuted"}, {"coding": [{"code": "REFUTED"}]}])
@pytest.mark.parametrize("kind", ["Condition", "AllergyIntolerance"])
def test_refuted_in_any_spelling(tmp_path: Path, kind: str, verification: dict[str, Any]) -> None:
    population, _ = read_with(tmp_path, about(kind, code={"text": "Latex"}, verificationStatus=verification))
    assert only(population, "statement").values["kind"] == "refuted"


def test_an_error_in_words_is_an_error(tmp_path: Path) -> None:
    population, _ = read_with(tmp_path, about("Condition", code={"text": "HIV"}, verificationStatus=WORDS))
    assert population.of("condition") == population.of("statement") == []
    assert [one.reason for one in population.retractions] == ["its verificationStatus is entered-in-error"]


@pytest.mark.parametrize("spelling", [{"text": "Resolved"}, {"coding": [{"system": "http://local", "code": "R",
                                      "display": "Resolved"}]}, status("condition-clinical", "inactive")])  # fmt: skip
def test_over_in_any_spelling(tmp_path: Path, spelling: dict[str, Any]) -> None:
    population, _ = read_with(tmp_path, about("Condition", code={"text": "Gout"}, clinicalStatus=spelling))
    assert only(population, "condition").values["status"] == "resolved"


@pytest.mark.parametrize("unknown", [{"text": "perhaps"}, {"coding": [{"system": "http://local", "code": "7"}]}])
@pytest.mark.parametrize("name", ["clinicalStatus", "verificationStatus"])
def test_a_status_that_nobody_knows_refuses(tmp_path: Path, name: str, unknown: dict[str, Any]) -> None:
    population, summary = read_with(tmp_path, about("Condition", code={"text": "Gout"}, **{name: unknown}))
    assert population.of("condition") == []
    assert "none that we know" in summary.refusals[0].reason


@pytest.mark.parametrize(
    "words",
    ["No known allergies", "NKDA", "NKA", "Nil known", "None", "no drug allergies", "No latex allergy",
     "Keine bekannten Allergien", "Aucune allergie connue", "Geen bekende allergieën", "Sin alergias conocidas",
     "Penicillin allergy ruled out", "Denies allergies", "No current medications", "No known problems.",
     "No active problems", "Not allergic to nuts", "No known drug allergy (situation)"],
)  # fmt: skip
def test_words_for_nothing_there(words: str) -> None:
    assert absence.in_words(words)


@pytest.mark.parametrize(
    "words",
    ["Peanut", "Nonallergic rhinitis", "Non-smoker", "Sodium", "No fixed abode", "Absence of kidney", "Norovirus",
     "Nonsteroidal anti-inflammatory agent", "Noonan syndrome", "Knee pain", "SIN III of cervix", "Nickel", "Ginger"],
)  # fmt: skip
def test_words_for_something_there(words: str) -> None:
    assert not absence.in_words(words)


@pytest.mark.parametrize(
    "code",
    [{"coding": [{"system": "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips",
                  "code": "no-known-medications"}]},
     {"coding": [{"system": SNOMED, "code": "787481004"}]}, {"text": "No current medications"}],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["MedicationStatement", "MedicationRequest"])
def test_no_medicines_is_no_medicine(tmp_path: Path, kind: str, code: dict[str, Any]) -> None:
    resource = about(kind, status="active", intent="order", medicationCodeableConcept=code)
    population, _ = read_with(tmp_path, resource)
    assert population.of("prescription") == []
    assert only(population, "statement").values["kind"] == "negation"


WITHHELD = [
    ("Condition", "code", {}),
    ("AllergyIntolerance", "code", {}),
    ("MedicationRequest", "medicationCodeableConcept", {"status": "active"}),
    ("Immunization", "vaccineCode", {"status": "completed"}),
]


@pytest.mark.parametrize("code", ["masked", "unknown", "not-asked"])
@pytest.mark.parametrize(("kind", "name", "more"), WITHHELD)
def test_a_code_that_is_withheld_is_no_code(
    tmp_path: Path, kind: str, name: str, more: dict[str, Any], code: str
) -> None:
    withheld = {"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": code, "display": code}
    population, summary = read_with(tmp_path, about(kind, **more, **{name: {"coding": [withheld]}}))
    assert [record.kind for record in population.everything()] == ["patient"]
    assert summary.refused == 1


def test_a_mixed_medicine_is_named_by_what_is_in_it(tmp_path: Path) -> None:
    strength = {"numerator": {"value": 100, "unit": "mg"}, "denominator": {"value": 1, "unit": "mL"}}
    mixed = {
        "resourceType": "Medication",
        "id": "m",
        "ingredient": [
            {"itemCodeableConcept": {"text": "Carboplatin"}, "strength": strength},
            {"itemReference": {"display": "Glucose 5 %"}},
        ],
    }
    inside = order(contained=[mixed], medicationReference={"reference": "#m"})
    del inside["medicationCodeableConcept"]
    population, _ = read_with(tmp_path, inside)
    assert only(population, "prescription").values["medication"] == "Carboplatin 100 mg per mL + Glucose 5 %"


def test_a_medicine_of_an_error_is_refused(tmp_path: Path) -> None:
    wrong = {"resourceType": "Medication", "id": "m", "status": "entered-in-error", "code": {"text": "Insulin"}}
    inside = order(contained=[wrong], medicationReference={"reference": "#m"})
    del inside["medicationCodeableConcept"]
    population, summary = read_with(tmp_path, inside)
    assert population.of("prescription") == []
    assert "error" in summary.refusals[0].reason


@pytest.mark.parametrize(
    ("resource", "detail"),
    [
        (about("Immunization", status="completed", isSubpotent=True, vaccineCode={"text": "HepB"}), "subpotent"),
        (about("Immunization", status="not-done", vaccineCode={"text": "MMR"}, statusReason={"text": "egg allergy"}),
         "not done; egg allergy"),
        (about("Procedure", status="completed", code={"text": "Bypass"}, performedAge={"value": 6, "code": "mo"}),
         "at the age of 6 months"),
        (about("Procedure", status="stopped", code={"text": "Birth"}, outcome={"text": "unsuccessful"}),
         "stopped; outcome: unsuccessful"),
        (about("Procedure", status="completed", code={"text": "PCI"}, complication=[{"text": "Bleeding"}]),
         "complication: Bleeding"),
    ],
)  # fmt: skip
def test_what_an_event_says_besides(tmp_path: Path, resource: dict[str, Any], detail: str) -> None:
    population, _ = read_with(tmp_path, resource)
    assert detail in only(population, "statement").values["detail"]


@pytest.mark.parametrize(
    ("onset", "words"),
    [
        ({"onsetAge": {"value": 6, "unit": "months", "code": "mo"}}, "at the age of 6 months"),
        ({"onsetAge": {"value": 38, "unit": "a", "code": "a"}}, "at the age of 38"),
        ({"onsetAge": {"value": 40, "comparator": "<", "code": "a"}}, "at the age of < 40"),
        ({"onsetRange": {"low": {"value": 2, "code": "wk"}, "high": {"value": 3, "code": "mo"}}},
         "from 2 weeks to 3 months of age"),
        ({"onsetRange": {"high": {"value": 12, "unit": "years"}}}, "to 12 of age"),
    ],
)  # fmt: skip
def test_an_age_keeps_its_unit(tmp_path: Path, onset: dict[str, Any], words: str) -> None:
    population, _ = read_with(tmp_path, about("Condition", code={"text": "Eczema"}, **onset))
    assert f'"onset":"{words}"' in only(population, "condition").values["said"]


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"focus": [{"reference": "Patient/baby"}]},
        {"focus": [{"reference": f"urn:uuid:{files.OTHER}"}]},
        {"focus": [{"display": "donor"}]},
        {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/observation-focusCode",
                        "valueCodeableConcept": {"text": "fetus"}}]},
    ],
)  # fmt: skip
def test_a_value_of_somebody_else_is_refused(tmp_path: Path, elsewhere: dict[str, Any]) -> None:
    population, summary = read_with(tmp_path, measured(**elsewhere))
    assert population.of("observation") == []
    assert "not about the patient" in summary.refusals[0].reason


def test_a_value_whose_focus_is_the_patient_is_taken(tmp_path: Path) -> None:
    population, summary = read_with(tmp_path, measured(focus=[{"reference": f"urn:uuid:{files.PATIENT}"}]))
    assert not summary.refusals
    assert len(population.of("observation")) == 1


def test_the_head_of_a_panel_is_left_out_by_name(tmp_path: Path) -> None:
    head = measured(id="o2", hasMember=[{"reference": "Observation/o1"}])
    del head["valueQuantity"]
    population, summary = read_with(tmp_path, measured(), head)
    assert len(population.of("observation")) == 1
    assert (summary.refused, list(summary.left_out)) == (0, ["Observation that only groups others (they are read)"])


def test_an_animal_is_no_patient(tmp_path: Path) -> None:
    url = "http://hl7.org/fhir/StructureDefinition/patient-animal"
    population, summary = read(files.bundle(tmp_path, files.fhir_patient(extension=[{"url": url}])))
    assert population.of("patient") == []
    assert "animal" in summary.refusals[0].reason


CERTAINTY = "http://fhir.de/StructureDefinition/icd-10-gm-diagnosesicherheit"


def _german(code: str, form: str = "valueCoding") -> dict[str, Any]:
    """A German diagnosis, whose code says how sure it is."""
    told = {
        "valueCoding": {"system": "https://fhir.kbv.de/CodeSystem/KBV_CS_SFHIR_ICD_DIAGNOSESICHERHEIT", "code": code}
    }
    extension = {"url": CERTAINTY, **(told if form == "valueCoding" else {"valueCode": code})}
    coding = {"system": "http://fhir.de/CodeSystem/bfarm/icd-10-gm", "code": "I21.9", "display": "Herzinfarkt"}
    return about("Condition", code={"coding": [{**coding, "extension": [extension]}]}, recordedDate="2026-10-01")


@pytest.mark.parametrize(("code", "kind"), [("A", "refuted"), ("V", "suspected")])
def test_a_german_diagnosis_that_is_no_fact_is_a_statement(tmp_path: Path, code: str, kind: str) -> None:
    population, _ = read_with(tmp_path, _german(code))
    assert (population.of("condition"), only(population, "statement").values["kind"]) == ([], kind)


@pytest.mark.parametrize(("code", "status"), [("G", "active"), ("Z", "resolved")])
def test_a_german_diagnosis_that_is_one(tmp_path: Path, code: str, status: str) -> None:
    population, _ = read_with(tmp_path, _german(code, "valueCode"))
    assert only(population, "condition").values["status"] == status


def test_a_german_certainty_that_we_do_not_know_is_refused(tmp_path: Path) -> None:
    _, summary = read_with(tmp_path, _german("X"))
    assert "Diagnosesicherheit 'X'" in summary.refusals[0].reason
