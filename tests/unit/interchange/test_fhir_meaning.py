"""Cases of our own for each kind of fault that files of the real world show: who it is about, and what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import interchange_files as files
from tests.fhir_cases import SNOMED, about, entry_at, measured, only, order, read, read_with, status, write_bundle

# Who it is about


def test_another_servers_reference_is_another_patient(tmp_path: Path) -> None:
    mine, theirs = "http://a.example/fhir", "http://b.example/fhir"
    result = measured(subject={"reference": f"{theirs}/Patient/p1"})
    path = write_bundle(tmp_path / "b.json", [entry_at(mine, files.fhir_patient("p1")), entry_at(mine, result)])
    _, summary = read(path)
    assert [refusal.reason for refusal in summary.refusals] == ["there is no patient p1@b.example/fhir"]


def test_a_named_source_keeps_two_servers_apart(tmp_path: Path) -> None:
    for name in ("a", "b"):
        base = f"http://{name}.example"
        write_bundle(tmp_path / f"{name}.json", [entry_at(base, files.fhir_patient("p1")), entry_at(base, measured())])
    population, _ = read(tmp_path, source="North")
    assert len(population.source_ids("patient")) == 2
    alone, _ = read(tmp_path / "a.json", source="North")
    assert alone.source_ids("patient") == {"p1@North"}


def test_one_id_for_two_people_of_one_folder_refuses_both(tmp_path: Path) -> None:
    for name, family in (("a", "Okafor"), ("b", "Lindqvist")):
        person = files.fhir_patient("p1", name=[{"family": family}])
        result = measured(id=f"o-{name}", subject={"reference": "Patient/p1"})
        write_bundle(tmp_path / f"{name}.json", [{"resource": person}, {"resource": result}])
    population, summary = read(tmp_path)
    assert (population.of("patient"), population.of("observation")) == ([], [])
    assert summary.refused == 4


def test_a_code_of_another_system_is_another_test(tmp_path: Path) -> None:
    codings = [{"system": "http://lab.example", "code": "2823-3"}, {"code": "2823-3", "display": "Potassium"}]
    results = [measured(id=f"local-{n}", code={"coding": [coding]}) for n, coding in enumerate(codings)]
    population, _ = read_with(tmp_path, measured(), *results)
    assert len({record.assay.key for record in population.of("observation")}) == 3


def test_a_logical_reference_finds_its_patient_by_identifier(tmp_path: Path) -> None:
    identifier = {"system": "urn:mrn", "value": "17"}
    person = files.fhir_patient(identifier=[identifier])
    result = measured(subject={"type": "Patient", "identifier": identifier})
    population, summary = read(files.bundle(tmp_path, person, result))
    assert not summary.refusals
    assert only(population, "observation").patient == files.PATIENT


@pytest.mark.parametrize(
    "reference",
    ["RelatedPerson/p1", "Group/p1", "patient/p1", "Patient?name=Maude", "https://other.example/Patient/p1", "p1"],
)
def test_what_is_no_patient_of_the_source_is_nobody(tmp_path: Path, reference: str) -> None:
    base = "http://a.example/fhir"
    entries = [entry_at(base, files.fhir_patient("p1")), entry_at(base, measured(subject={"reference": reference}))]
    population, summary = read(write_bundle(tmp_path / "b.json", entries))
    assert population.of("observation") == []
    assert summary.refused == 1


@pytest.mark.parametrize(
    "written", ["20240531", "2024-W10-1", "31.05.2024", "2024-5-1", "2024-02-30", "2024-05-31T08:30:60Z", "soon"]
)
def test_what_fhir_does_not_write_is_no_date(tmp_path: Path, written: str) -> None:
    population, summary = read_with(tmp_path, measured(effectiveDateTime=written))
    assert population.of("observation") == []
    assert "effectiveDateTime" in summary.refusals[0].reason


# What it says


@pytest.mark.parametrize(
    ("resource", "kind", "words"),
    [
        (order(doNotPerform=True), "do-not-give", "Aspirin"),
        (order(intent="plan"), "proposal", "Aspirin"),
        (order(intent="option", status="on-hold"), "proposal", "Aspirin"),
        (about("MedicationStatement", status="not-taken", medicationCodeableConcept={"text": "A"}), "not-taken", "A"),
        (about("MedicationStatement", status="intended", medicationCodeableConcept={"text": "A"}), "proposal", "A"),
        (
            about(
                "AllergyIntolerance",
                code={"text": "Latex"},
                verificationStatus=status("allergyintolerance-verification", "refuted"),
            ),
            "refuted",
            "Allergy: Latex",
        ),
        (
            about("AllergyIntolerance", code={"coding": [{"system": SNOMED, "code": "716186003"}], "text": "NKA"}),
            "negation",
            "NKA",
        ),
        (about("AllergyIntolerance", code={"text": "No known drug allergy"}), "negation", "No known drug allergy"),
        (
            about(
                "Condition", code={"text": "Gout"}, verificationStatus=status("condition-ver-status", "differential")
            ),
            "suspected",
            "Gout",
        ),
        (about("Immunization", status="not-done", vaccineCode={"text": "MMR"}), "immunization", "MMR"),
        (about("Procedure", status="completed", code={"text": "Bypass"}), "procedure", "Bypass"),
    ],
)
def test_what_is_no_finding_is_a_statement(tmp_path: Path, resource: dict[str, Any], kind: str, words: str) -> None:
    population, summary = read_with(tmp_path, resource)
    assert not summary.refusals
    record = only(population, "statement")
    assert (record.values["kind"], record.values["text"]) == (kind, words)


def test_a_draft_is_no_order_and_ends_one(tmp_path: Path) -> None:
    population, _ = read_with(tmp_path, order(status="draft"))
    assert population.of("prescription") == []
    assert [one.reason for one in population.retractions] == ["its status is draft, so it is no order that was given"]


@pytest.mark.parametrize("status", ["mystery", None])
def test_a_status_that_is_no_order_is_refused(tmp_path: Path, status: str | None) -> None:
    population, summary = read_with(tmp_path, order(status=status))
    assert population.of("prescription") == []
    assert "no order that was given" in summary.refusals[0].reason


def test_all_steps_of_a_dosage(tmp_path: Path) -> None:
    def step(number: int, dose: int, **repeat: Any) -> dict[str, Any]:
        timing = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", **repeat}}
        return {
            "sequence": number,
            "timing": timing,
            "doseAndRate": [{"doseQuantity": {"value": dose, "unit": "tablet"}}],
        }

    days = {"boundsDuration": {"value": 7, "code": "d"}}
    population, _ = read_with(tmp_path, order(dosageInstruction=[step(2, 1), step(1, 2, **days)]))
    told = only(population, "prescription").values["instructions"]
    assert told == "2 tablet, once a day, for 7 days; then 1 tablet, once a day"


def test_as_needed_ranges_and_maxima_are_told(tmp_path: Path) -> None:
    dosage = {
        "asNeededCodeableConcept": {"text": "pain"},
        "timing": {"repeat": {"frequency": 1, "frequencyMax": 2, "period": 4, "periodMax": 6, "periodUnit": "h"}},
        "doseAndRate": [{"doseRange": {"low": {"value": 1, "unit": "tablet"}, "high": {"value": 2, "unit": "tablet"}}}],
        "maxDosePerPeriod": {"numerator": {"value": 8, "unit": "tablet"}, "denominator": {"value": 1, "unit": "day"}},
    }
    population, _ = read_with(tmp_path, order(dosageInstruction=[dosage]))
    values = only(population, "prescription").values
    assert (values["dose"], values["frequency"]) == (
        "1 to 2 tablet", "1 to 2 times every 4 to 6 hours, as needed for pain",
    )  # fmt: skip
    assert values["instructions"] == "at most 8 tablet per day"


def test_moments_of_the_day_are_told(tmp_path: Path) -> None:
    repeat = {"frequency": 1, "period": 1, "periodUnit": "d", "when": ["ACM"], "offset": 30}
    population, _ = read_with(tmp_path, order(dosageInstruction=[{"timing": {"repeat": repeat}}]))
    assert only(population, "prescription").values["frequency"] == "once a day, 30 minutes before breakfast"


@pytest.mark.parametrize(
    ("step", "column", "told"),
    [
        ({"timing": {"event": ["2019-03-01T08:00:00Z", "2019-03-08"]}}, "frequency",
         "on 2019-03-01 08:00 and 2019-03-08"),
        ({"text": "1 drop", "site": {"text": "left eye"}}, "instructions", "1 drop; site: left eye"),
        ({"method": {"text": "Inject"}, "maxDosePerLifetime": {"value": 550, "unit": "mg/m2"}}, "instructions",
         "method: Inject; at most 550 mg/m2 in a lifetime"),
        ({"text": "1 drop", "asNeededBoolean": True}, "instructions", "1 drop; as needed"),
    ],
)  # fmt: skip
def test_nothing_of_a_dosage_is_lost(tmp_path: Path, step: dict[str, Any], column: str, told: str) -> None:
    population, _ = read_with(tmp_path, order(dosageInstruction=[step]))
    assert only(population, "prescription").values[column] == told


def test_the_worst_of_all_reactions(tmp_path: Path) -> None:
    reactions = [
        {"manifestation": [{"text": "Rash"}], "severity": "mild"},
        {"manifestation": [{"text": "Anaphylaxis"}], "severity": "severe"},
        {"manifestation": [{"text": "Itch"}]},
    ]
    population, _ = read_with(tmp_path, about("AllergyIntolerance", code={"text": "Peanut"}, reaction=reactions))
    values = only(population, "allergy").values
    assert (values["severity"], values["reaction"]) == ("severe", "Anaphylaxis; Rash; Itch")


def test_a_laboratorys_own_range_and_flag_win(tmp_path: Path) -> None:
    unit = {"unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}
    bounds = [{"low": {"value": 3.0, **unit}, "high": {"value": 4.0, **unit}}]
    flagged = measured(id="o2", interpretation=[status("v3-ObservationInterpretation", "LL")], referenceRange=bounds)
    words = measured(id="o3", referenceRange=[{"text": "see the report"}])
    population, _ = read_with(tmp_path, measured(referenceRange=bounds), flagged, words)
    judged = {record.id_key: record.judged for record in population.of("observation")}
    assert [judged[f"id|Observation/{name}@{_folder(tmp_path)}"]["interpretation"] for name in ("o1", "o2", "o3")] == [
        "H", "LL", None,
    ]  # fmt: skip


def _folder(path: Path) -> str:
    from core.interchange.fhir.identity import short

    return short(f"folder {path.resolve()}")


@pytest.mark.parametrize(
    "spoiled",
    [
        {"modifierExtension": [{"url": "http://x.example/not"}]},
        {"component": [{"modifierExtension": [{"url": "http://x.example/not"}]}]},
        {"implicitRules": "http://x.example/rules"},
    ],
)
def test_what_may_turn_the_meaning_round_refuses(tmp_path: Path, spoiled: dict[str, Any]) -> None:
    population, summary = read_with(tmp_path, measured(**spoiled))
    assert population.of("observation") == []
    assert summary.refused == 1


@pytest.mark.parametrize(
    "resource",
    [
        about("Condition", clinicalStatus="active", code={"text": "Gout"}),
        {"resourceType": "MedicationOrder", "id": "m1"},
        about("Encounter", status="finished", **{"class": "outpatient"}),
        about("MedicationRequest", status="active", medication={"concept": {"text": "A"}}),
    ],
)
def test_another_version_of_fhir_is_refused_whole(tmp_path: Path, resource: dict[str, Any]) -> None:
    population, summary = read_with(tmp_path, resource)
    assert population.of("patient") == []
    assert [refusal.kind for refusal in summary.refusals] == ["file"]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 64}}}, "1:64"),
        (
            {"valueRange": {"low": {"value": 5, "unit": "cells"}, "high": {"value": 10, "unit": "cells"}}},
            "5 to 10 cells",
        ),
        ({"valuePeriod": {"start": "2026-01-01", "end": "2026-01-03"}}, "from 2026-01-01 to 2026-01-03"),
        ({"valueQuantity": {"value": 0.0000004, "unit": "g/L"}}, "0.0000004"),
    ],
)
def test_values_that_are_no_plain_number(tmp_path: Path, value: dict[str, Any], words: str) -> None:
    resource = measured()
    del resource["valueQuantity"]
    population, summary = read_with(tmp_path, resource | value)
    assert not summary.refusals
    assert only(population, "observation").values["value_text"] == words
