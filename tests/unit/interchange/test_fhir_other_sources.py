"""Kinds that guides of more countries showed: their words, codes alone, several codes, orders that are replaced."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.interchange import absence, suspicion
from core.models import said
from tests import interchange_files as files
from tests.fhir_cases import LOINC, SNOMED, about, entry_at, measured, only, order, read, read_with, write_bundle

RXNORM, ATC = "http://www.nlm.nih.gov/research/umls/rxnorm", "http://fhir.de/CodeSystem/bfarm/atc"
TIMES = "http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation"
HERE = "http://north.example/fhir"


def _condition(**fields: Any) -> dict[str, Any]:
    return about("Condition", **fields)


@pytest.mark.parametrize(
    "words",
    [
        "Niega alergias", "Geen problemen bekend", "Keine Vorerkrankungen bekannt", "Ausschluss Myokardinfarkt",
        "Myokardinfarkt ausgeschlossen", "Kein Anhalt für Malignität", "Alergias no conocidas", "Phlébite exclue",
        "Se descarta apendicitis", "Nessuna patologia nota",
    ],
)  # fmt: skip
def test_what_is_not_there_is_read_in_other_languages(tmp_path: Path, words: str) -> None:
    population, _ = read_with(tmp_path, _condition(code={"text": words}))
    assert not population.of("condition")
    assert only(population, "statement").values["kind"] == "negation"


@pytest.mark.parametrize("words", ["Kein fester Wohnsitz", "No smell", "Absence of kidney", "Geen eetlust"])
def test_a_finding_that_begins_with_no_is_a_finding(words: str) -> None:
    assert not absence.in_words(words)


@pytest.mark.parametrize(
    "words",
    [
        "Suspected pneumonia", "? UTI", "Pneumonia?", "Rule out MI", "R/O PE", "V. a. Pneumonie", "V.a. Appendizitis",
        "Verdacht auf Pneumonie", "Suspicion de pneumonie", "Suspicion d'embolie", "Sospecha de neumonía",
        "Sospetta polmonite", "Verdenking op longembolie", "Mistanke om blodpropp", "疑似肺炎", "肺炎の疑い",
        "Suspected disease caused by 2019-nCoV (situation)",
    ],
)  # fmt: skip
def test_what_its_own_words_suspect_is_no_problem(tmp_path: Path, words: str) -> None:
    confirmed = {"coding": [{"code": "confirmed"}]}
    population, _ = read_with(tmp_path, _condition(code={"text": words}, verificationStatus=confirmed))
    assert not population.of("condition")
    statement = only(population, "statement").values
    assert (statement["kind"], statement["text"]) == ("suspected", words)


@pytest.mark.parametrize(
    "words", ["Pneumonia", "Suspicious lesion of breast", "At risk for falls", "Impossible airway"]
)
def test_other_words_suspect_nothing(words: str) -> None:
    assert not suspicion.in_words(words)


@pytest.mark.parametrize(
    ("coding", "shown"),
    [
        ({"system": RXNORM, "code": "1191"}, "code 1191 (RxNorm)"),
        ({"system": "http://hl7.org/fhir/sid/ndc", "code": "0002-8215-01"}, "code 0002-8215-01 (NDC)"),
        ({"system": "urn:oid:1.2.3", "code": "Q1"}, "code Q1 (urn:oid:1.2.3)"),
        ({"system": "https://a.example/fhir/CodeSystem/own-drugs", "code": "Q1"}, "code Q1 (own-drugs)"),
        ({"system": "http://lab.example/codes", "code": "Q1"}, "code Q1 (lab.example/codes)"),
        ({"code": "Q1"}, "code Q1"),
        ({"system": "http://a.example", "code": "bee-venom"}, "bee venom"),
    ],
)
def test_a_code_alone_says_of_what_it_is_a_code(tmp_path: Path, coding: dict[str, str], shown: str) -> None:
    code = {"coding": [coding]}
    rows = [about("AllergyIntolerance", code=code, id="a"), _condition(code=code, id="k")]
    population, _ = read_with(tmp_path, *rows, order(medicationCodeableConcept=code))
    assert only(population, "allergy").values["substance"] == shown
    assert only(population, "condition").values["name"] == shown
    assert only(population, "prescription").values["medication"] == shown


@pytest.mark.parametrize(
    ("codings", "shown"),
    [
        ([(ATC, "L01CD01", "Paclitaxel"), (ATC, "L01XA02", "Carboplatin")], "Paclitaxel; Carboplatin"),
        ([(ATC, "A", "Diabetes"), (ATC, "B", "Type 2 diabetes")], "Diabetes"),
        ([(ATC, "A", "Paclitaxel"), (SNOMED, "B", "Carboplatin")], "Paclitaxel"),
        ([(ATC, "A", "Paclitaxel"), (ATC, "A", "Taxol")], "Paclitaxel"),
        ([(ATC, "A", "Paclitaxel"), (ATC, "B", None)], "Paclitaxel"),
    ],
)
def test_of_several_codes_of_one_system_none_is_hidden(tmp_path: Path, codings: Any, shown: str) -> None:
    code = {
        "coding": [
            {"system": system, "code": code} | ({"display": words} if words else {}) for system, code, words in codings
        ]
    }
    done = about("Procedure", id="p", status="completed", code=code)
    population, _ = read_with(tmp_path, order(medicationCodeableConcept=code), done)
    assert only(population, "prescription").values["medication"] == shown
    assert only(population, "statement").values["text"] == shown


def test_words_of_the_whole_stand_before_those_of_codes(tmp_path: Path) -> None:
    code = {
        "text": "CarboTax",
        "coding": [{"system": ATC, "code": c, "display": d} for c, d in (("1", "A"), ("2", "B"))],
    }
    population, _ = read_with(tmp_path, order(medicationCodeableConcept=code))
    assert only(population, "prescription").values["medication"] == "CarboTax"


@pytest.mark.parametrize("words", ["Keine Dauermedikation", "Patient nimmt keine Medikamente", "Pas de traitement"])
def test_no_medicines_in_other_languages_are_none(tmp_path: Path, words: str) -> None:
    population, _ = read_with(tmp_path, order(medicationCodeableConcept={"text": words}))
    assert only(population, "statement").values["kind"] == "negation"


def test_the_strength_and_form_of_a_medicine_stand_beside_it(tmp_path: Path) -> None:
    strength = {"numerator": {"value": 250, "unit": "mg"}, "denominator": {"value": 5, "unit": "mL"}}
    inside = {"itemCodeableConcept": {"text": "Amoxicillin"}, "strength": strength}
    whole = {"resourceType": "Medication", "id": "m", "code": {"text": "Amoxicillin"}, "form": {"text": "suspension"}}
    taken = order(medicationReference={"reference": "#m"}, contained=[whole | {"ingredient": [inside]}])
    del taken["medicationCodeableConcept"]
    population, _ = read_with(tmp_path, taken)
    values = only(population, "prescription").values
    assert values["medication"] == "Amoxicillin"
    assert said.read(values["said"])["note"] == "form: suspension; contains: Amoxicillin 250 mg per 5 mL"


@pytest.mark.parametrize(("code", "often"), [("BID", "twice a day"), ("Q6H", "every 6 hours"), ("XQ", "code XQ")])
def test_codes_of_timing_are_told_in_words(tmp_path: Path, code: str, often: str) -> None:
    step = {"timing": {"code": {"coding": [{"system": TIMES, "code": code}]}}}
    population, _ = read_with(tmp_path, order(dosageInstruction=[step]))
    assert str(only(population, "prescription").values["frequency"]).startswith(often)


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("1 6-hourly for 5 days", "unknown"),
        ("1 Kapsel alle 6 Stunden für 7 Tage", "unknown"),
        ("1 comprimé matin et soir pendant 5 jours", "unknown"),
        ("1 tablet x 10 days", "unknown"),
        ("1 cada 8 horas durante 7 días", "unknown"),
        ("1 tablet daily", "active"),
        ("Take for 5 days a week", "active"),
        ("Take for 21 days, then 7 days off", "active"),
        ("Take for 5 days each month", "active"),
        ("2 for 5 days, 1 for 10 days", "active"),
        ("Take for 900 days", "active"),
    ],
)
def test_a_course_that_its_words_alone_have_ended_is_not_current(tmp_path: Path, words: str, status: str) -> None:
    population, _ = read_with(tmp_path, order(authoredOn="2026-06-01", dosageInstruction=[{"text": words}]))
    assert only(population, "prescription").values["status"] == status


def test_repeats_may_prolong_what_words_end(tmp_path: Path) -> None:
    step = [{"text": "1 daily for 5 days"}]
    again = order(authoredOn="2026-06-01", dosageInstruction=step, dispenseRequest={"numberOfRepeatsAllowed": 3})
    population, _ = read_with(tmp_path, again)
    assert only(population, "prescription").values["status"] == "active"


@pytest.mark.parametrize("is_first", [True, False])
def test_an_order_that_a_newer_one_replaces_is_over(tmp_path: Path, is_first: bool) -> None:
    prior = order(id="m1", medicationCodeableConcept={"text": "Metformin 500 mg"})
    newer = order(id="m2", medicationCodeableConcept={"text": "Metformin 850 mg"})
    newer["priorPrescription"] = {"reference": "MedicationRequest/m1"}
    rows = [prior, newer] if is_first else [newer, prior]
    population, summary = read_with(tmp_path, *rows)
    told = {record.values["medication"]: record.values["status"] for record in population.of("prescription")}
    assert told == {"Metformin 500 mg": "stopped", "Metformin 850 mg": "active"}
    notes = {said.read(record.values["said"])["note"] for record in population.of("prescription")}
    assert notes == {"replaced by a newer order", "replaces an earlier order"}
    assert sum(count for words, count in summary.doubts.items() if "replace" in words) == 1


@pytest.mark.parametrize(
    "fields", [{"intent": "proposal"}, {"status": "cancelled"}, {"doNotPerform": True}, {"status": "entered-in-error"}]
)
def test_what_holds_no_order_replaces_none(tmp_path: Path, fields: dict[str, Any]) -> None:
    newer = order(id="m2", priorPrescription={"reference": "MedicationRequest/m1"}) | fields
    population, _ = read_with(tmp_path, order(id="m1"), newer)
    assert next(iter(population.of("prescription"))).values["status"] == "active"


def test_a_row_whose_visit_is_named_unclearly_stands_without_one(tmp_path: Path) -> None:
    rows = [order(encounter={"reference": "demo-encounter-26"}), measured(encounter={"reference": "e 1"})]
    population, summary = read_with(tmp_path, *rows)
    assert not summary.refusals
    assert only(population, "prescription").visit_key is None
    assert only(population, "observation").visit_key is None
    assert summary.without_visit == 2


def test_requests_that_ask_and_answers_are_counted(tmp_path: Path) -> None:
    asked = [
        {"request": {"method": "GET", "url": "Patient?name=x"}},
        {"request": {"method": "HEAD", "url": "Patient/p1"}},
        {"response": {"status": "201 Created", "location": "Observation/1"}},
        {"request": {"method": "POST", "url": "ValueSet/$lookup"}, "resource": {"resourceType": "Parameters"}},
    ]
    path = write_bundle(tmp_path / "b.json", [entry_at(HERE, files.fhir_patient() | {"id": "p1"}), *asked], "batch")
    _, summary = read(path)
    assert not summary.refusals
    assert dict(summary.left_out) == {
        "request that asks (GET)": 1, "request that asks (HEAD)": 1, "response without a resource": 1, "Parameters": 1,
    }  # fmt: skip


def test_a_deletion_by_search_is_refused(tmp_path: Path) -> None:
    asked = {"request": {"method": "DELETE", "url": "Observation?identifier=a|1"}}
    _, summary = read(write_bundle(tmp_path / "b.json", [asked], "transaction"))
    assert ["name the resource as Type/id" in refusal.reason for refusal in summary.refusals] == [True]
    assert not summary.left_out


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ([files.fhir_patient()], "put its resources into a bundle"),
        (f"{json.dumps(files.fhir_patient())}\n{json.dumps(measured())}", "let its name end in .ndjson"),
    ],
)
def test_a_file_of_several_resources_is_told_how_to_send_them(tmp_path: Path, content: Any, told: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    _, summary = read(path)
    assert told in summary.refusals[0].reason.lower()


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        ({"abatementString": "after surgery"}, "ended: after surgery"),
        ({"abatementAge": {"value": 30, "unit": "a"}}, "ended: at the age of 30"),
        ({"abatementRange": {"low": {"value": 3, "unit": "mo"}}}, "ended: from 3 months of age"),
    ],
)
def test_an_end_that_is_no_date_is_told(tmp_path: Path, fields: dict[str, Any], note: str) -> None:
    population, _ = read_with(tmp_path, _condition(code={"text": "Gastritis"}, **fields))
    values = only(population, "condition").values
    assert (values["status"], said.read(values["said"])["note"]) == ("resolved", note)


def test_what_a_reaction_was_to_stands_beside_the_allergy(tmp_path: Path) -> None:
    to = {"substance": {"text": "Cefaclor"}, "manifestation": [{"text": "Hives"}]}
    population, _ = read_with(tmp_path, about("AllergyIntolerance", code={"text": "Cephalosporins"}, reaction=[to]))
    values = only(population, "allergy").values
    assert (values["substance"], said.read(values["said"])["note"]) == ("Cephalosporins", "reaction to: Cefaclor")


def _coded(*codings: tuple[str, str, str | None], text: str | None = None) -> dict[str, Any]:
    told = [{"system": system, "code": code} | ({"display": words} if words else {}) for system, code, words in codings]
    return {"coding": told} | ({"text": text} if text else {})


@pytest.mark.parametrize(
    ("code", "test"),
    [
        (_coded((LOINC, "8462-4", None), (LOINC, "8375-8", "Left ventricular Intrachamber diastolic pressure")),
         (None, "8375-8", "Left ventricular Intrachamber diastolic pressure")),
        (_coded((LOINC, "8478-0", "Mean blood pressure"), (SNOMED, "276762004", "Left atrial pressure")),
         (SNOMED, "276762004", "Left atrial pressure")),
        (_coded((LOINC, "8480-6", "Systolic blood pressure"), text="Pulmonary artery, systolic"),
         ("text", "Pulmonary artery, systolic", "Pulmonary artery, systolic")),
        (_coded((LOINC, "8310-5", "Body temperature"), (SNOMED, "1", "Temperature of joint")),
         (SNOMED, "1", "Temperature of joint")),
        (_coded((LOINC, "8480-6", "Systolic blood pressure"), (SNOMED, "271649006", "Systolic blood pressure")),
         (None, "8480-6", "Systolic blood pressure")),
        (_coded((LOINC, "8310-5", "Body temperature"), text="Oral temperature"), (None, "8310-5", "Body temperature")),
        (_coded((LOINC, "8867-4", "Heart rate"), text="Atrial rate"), (None, "8867-4", "Heart rate")),
    ],
)  # fmt: skip
def test_a_vital_sign_of_somewhere_else_is_a_test_of_its_own(tmp_path: Path, code: Any, test: tuple[Any, ...]) -> None:
    population, _ = read_with(tmp_path, measured(code=code))
    record = only(population, "observation")
    assert (record.assay.system, record.assay.code, record.assay.name) == test
    general = {coding["code"] for coding in code["coding"]} & {"8480-6", "8462-4", "8478-0", "8310-5"}
    kept = {coding[1] for coding in said.read(record.values["said"]).get("codings", [])}
    assert bool(general & kept) is (test[1] in general)


def test_an_id_that_is_a_whole_address_is_the_id_in_it(tmp_path: Path) -> None:
    person = {**files.fhir_patient(), "id": "Patient/p1/_history/3"}
    value = measured(id="Observation/o1/_history/1", subject={"reference": "Patient/p1"})
    population, summary = read(write_bundle(tmp_path / "b.json", [{"resource": person}, {"resource": value}]))
    assert not summary.refusals
    assert only(population, "observation").patient == only(population, "patient").source_id
    assert str(only(population, "patient").source_id).startswith("p1@")
