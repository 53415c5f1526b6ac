"""Small cases after files of the real world: what each means is what stands in the record, or it is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from fhir.resources.R4B.bundle import Bundle
from sqlalchemy import select

from core.interchange.fhir.exported_bundle import export_patient
from core.models import Base, said
from core.queries.current_health import current_health
from core.queries.other_records import other_records
from core.queries.outside_visits import outside_visits
from core.queries.patients import header
from core.stores import databases
from tests.integration.interchange.conftest import Case


def _rows(table: str, *columns: str) -> list[tuple[Any, ...]]:
    of = Base.metadata.tables[table]
    with databases.write() as session:
        return [tuple(row) for row in session.execute(select(*(of.c[name] for name in columns)).order_by(of.c.id))]


def _current() -> Any:
    with databases.write() as session:
        return current_health(session, 1)


def _others() -> list[tuple[str, str]]:
    with databases.write() as session:
        return [(line.kind, line.text) for line in other_records(session, 1)]


def _shown(value: Any, row: tuple[Any, ...], column: str) -> str:
    return said.iso(said.dated(value, row[-1], column))


def test_two_people_with_one_id(case: Case) -> None:
    (summary,) = case("01-two-people-one-id-one-folder", at_once=True)
    assert summary.refused == 0
    assert _rows("patient", "name") == [("Ben Okafor",), ("Maja Lindqvist",)]
    assert _rows("allergy", "patient_id", "substance") == [(2, "Penicillin")]
    assert [(who, float(value)) for who, value in _rows("observation", "patient_id", "value_number")] == [
        (1, 4.1), (2, 6.9),
    ]  # fmt: skip


def test_another_person_under_a_known_id(case: Case) -> None:
    summaries = case("02-other-servers-id-overwrites-patient")
    assert [summary.refused for summary in summaries] == [0, 2, 2]
    assert _rows("patient", "name", "sex") == [("Ben Okafor", "male")]
    assert len(_rows("observation", "id")) == 1
    assert _rows("allergy", "id") == []


def test_what_is_not_to_be_given_is_no_medicine(case: Case) -> None:
    case("04-do-not-give-shown-as-current-medicine")
    assert _current().medicines == ()
    assert _others() == [
        ("Do not give", "Ibuprofen 400 mg tablet"),
        ("Proposed, not ordered", "Warfarin 5 mg tablet"),
        ("On hold", "Metformin 500 mg tablet"),
    ]


def test_no_known_allergy_is_a_statement(case: Case) -> None:
    case("05-no-known-allergy-shown-as-allergy")
    assert (_current().allergies, _current().conditions) == ((), ())
    assert _others() == [("Stated", "No known allergies"), ("Stated", "No known problems")]


def test_the_recorded_day_is_no_onset(case: Case) -> None:
    case("09-recorded-date-shown-as-onset")
    assert [(c.name, c.onset_on, c.onset) for c in _current().conditions] == [
        ("Asthma", None, "in childhood"), ("Type 2 diabetes", None, "at the age of 38"),
    ]  # fmt: skip


def test_dead_without_a_date(case: Case) -> None:
    case("10-deceased-without-date-shown-alive")
    with databases.write() as session:
        found = header(session, 1)
    assert found is not None
    assert (found.is_deceased, found.deceased_on) == (True, None)


def test_another_version_of_fhir_is_refused_by_name(case: Case) -> None:
    (summary,) = case("14-stu3-bundle-taken-as-r4")
    assert [refusal.kind for refusal in summary.refusals] == ["file"]
    assert "DSTU2 or STU3" in summary.refusals[0].reason
    assert "1 MedicationOrder" in summary.refusals[0].reason
    assert _rows("condition", "id") == []


def test_an_unknown_modifier_refuses_the_row(case: Case) -> None:
    (summary,) = case("15-modifier-extension-ignored")
    assert "subject-is-relative" in summary.refusals[0].reason
    assert _rows("condition", "id") == []


def test_statements_procedures_and_vaccinations_are_read(case: Case) -> None:
    case("19-medication-statements-left-out-silently")
    (medicine,) = _current().medicines
    assert (medicine.medication, medicine.instructions) == ("Apixaban 5 mg tablet", "1 tablet twice a day")
    assert _others() == [("Vaccination", "Tetanus"), ("Procedure", "Appendectomy")]


def test_bundles_inside_bundles(case: Case) -> None:
    (summary,) = case("20-bundle-inside-bundle-left-out-silently", at_once=True)
    assert (summary.new, summary.refused) == (3, 0)


def test_partial_dates_keep_their_precision(case: Case) -> None:
    case("22-partial-dates-refused")
    born = [_shown(row[0], row, "birth_on") for row in _rows("patient", "birth_on", "said")]
    onsets = [_shown(row[0], row, "onset_on") for row in _rows("condition", "onset_on", "said")]
    died = [_shown(row[0], row, "deceased_on") for row in _rows("patient", "deceased_on", "said") if row[0]]
    seen = [_shown(row[0], row, "observed_at") for row in _rows("observation", "observed_at", "said")]
    assert (born[0], onsets, died, seen[1]) == ("1950", ["2015", "2019-03"], ["2024"], "2024-01")
    assert "recorded_on" not in said.read(_rows("allergy", "said")[0][0]).get("dates", {})
    assert _rows("allergy", "recorded_on") == [(None,)]


def test_medicines_by_display_code_or_without_a_day(case: Case) -> None:
    (summary,) = case("24-medicine-by-display-or-undated-refused")
    assert summary.refused == 0
    assert [(m.medication, m.started_on is None) for m in _current().medicines] == [
        ("Aspirin 100 mg tablet", True), ("Clopidogrel 75 mg tablet", False), ("code 322236009 (SNOMED CT)", False),
    ]  # fmt: skip


def test_a_note_beside_a_pdf_and_a_conclusion(case: Case) -> None:
    (summary,) = case("30-note-with-a-pdf-beside-its-text-refused")
    assert summary.refused == 0
    assert [text for (text,) in _rows("note", "text")] == [
        "Seen for cough. Chest clear.", "BP 150/90 & stable", "Conclusion: Subdural haematoma on the left.",
    ]  # fmt: skip


def test_the_export_says_what_came_in(case: Case, sync_replica: Callable[[], None]) -> None:
    case("31-export-loses-units-and-code-systems")
    sync_replica()
    bundle = json.loads(json.dumps(export_patient(1)))
    Bundle.model_validate(bundle)
    of: dict[str, list[Any]] = {}
    for entry in bundle["entry"]:
        of.setdefault(entry["resource"]["resourceType"], []).append(entry["resource"])
    quantities = [resource["valueQuantity"] for resource in of["Observation"]]
    ucum = "http://unitsofmeasure.org"
    assert quantities == [
        {"value": 5, "comparator": "<", "unit": "mg/L", "system": ucum, "code": "mg/L"},
        {"value": 172, "unit": "centimetres", "system": ucum, "code": "cm"},
        {"value": 3, "unit": "{score}", "system": ucum, "code": "{score}"},
        {"value": 72, "unit": "beats/minute", "system": ucum, "code": "/min"},
        {"value": 4e-07, "unit": "g/L", "system": ucum, "code": "g/L"},
    ]
    assert [resource["status"] for resource in of["Observation"]] == ["final", "final", "preliminary", "final", "final"]
    systems = [resource["code"]["coding"][0]["system"] for resource in of["Observation"]]
    assert systems[1:3] == ["http://snomed.info/sct", "http://north.example/codes"]
    assert of["Condition"][0]["code"]["coding"][0]["system"] == "http://hl7.org/fhir/sid/icd-10"
    assert of["AllergyIntolerance"][0]["code"]["coding"][0]["system"].endswith("rxnorm")
    medicines = [resource["medicationCodeableConcept"]["coding"][0]["system"] for resource in of["MedicationRequest"]]
    assert medicines == ["http://snomed.info/sct", "http://hl7.org/fhir/sid/ndc"]


def test_beyond_the_meters_limit(case: Case) -> None:
    case("36-value-above-the-meters-limit-not-flagged")
    assert _rows("observation", "value_text", "unit", "interpretation") == [
        ("> 9", "mmol/L", "HH"), (None, "mmol/L", "H"),
    ]  # fmt: skip


def test_rows_without_a_visit_are_shown(case: Case) -> None:
    case("37-rows-without-a-visit-not-shown")
    with databases.write() as session:
        found = outside_visits(session, 1)
    assert (len(found.medicines), len(found.problems), len(found.notes)) == (1, 1, 1)


def test_a_contained_patient_is_refused_plainly(case: Case) -> None:
    (summary,) = case("40-contained-patient-refused")
    assert "contained" in summary.refusals[0].reason


def test_preliminary_stays_preliminary(case: Case) -> None:
    case("42-preliminary-result-shown-as-final")
    assert said.read(_rows("observation", "said")[0][0])["status"] == "preliminary"


def test_what_is_taken_back_ends(case: Case) -> None:
    _, second = case("45-retracted-rows-stay-shown")
    assert (second.refused, second.ended) == (0, 6)
    for table in ("visit", "observation", "condition", "allergy", "prescription", "note"):
        assert _rows(table, "id") == []


def test_a_corrected_time_is_the_same_row(case: Case) -> None:
    _, second = case("46-corrected-time-makes-a-second-row")
    assert (second.new, second.updated) == (0, 3)
    assert [str(at) for (at,) in _rows("visit", "started_at")] == ["2026-10-04 00:30:00+00:00"]
    assert [str(on) for (on,) in _rows("condition", "onset_on")] == ["2006-01-01"]


def test_a_course_that_ended_is_not_current(case: Case) -> None:
    case("51-medicine-ended-long-ago-shown-as-current")
    assert _current().medicines == ()
    assert [str(on) for (on,) in _rows("prescription", "stopped_on")] == ["2019-03-08"]


def test_one_test_in_two_spellings_of_its_unit(case: Case) -> None:
    case("56-same-test-split-by-unit-spelling")
    assert len(_rows("assay", "id")) == 1
    assert [flag for (flag,) in _rows("observation", "interpretation")] == ["N", "H", "N"]
