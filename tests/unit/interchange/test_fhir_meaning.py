"""Cases of our own for each kind of fault that files of the real world show: who, what, when, and what was left out."""

from __future__ import annotations

import base64
import gzip
import json
import zipfile
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.interchange import fhir, resolve
from core.interchange.source_rows import Population
from core.interchange.summary import Summary
from core.models import said
from tests import interchange_files as files

LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
SINGAPORE = ZoneInfo("Asia/Singapore")
AT = "2026-10-05T09:00:00+08:00"


def _entry(base: str, resource: dict[str, Any]) -> dict[str, Any]:
    return {"fullUrl": f"{base}/{resource['resourceType']}/{resource['id']}", "resource": resource}


def _write(path: Path, entries: list[Any], kind: str = "collection") -> Path:
    path.write_text(json.dumps({"resourceType": "Bundle", "type": kind, "entry": entries}), encoding="utf-8")
    return path


def _read(path: Path, **options: Any) -> tuple[Population, Summary]:
    population, summary = fhir.read_path(path, zone=SINGAPORE, **options)
    resolve.resolve(population, summary, {})
    return population, summary


def _one(folder: Path, *resources: dict[str, Any]) -> tuple[Population, Summary]:
    return _read(files.bundle(folder, files.fhir_patient(), *resources))


def _value(**fields: Any) -> dict[str, Any]:
    code = {"coding": [{"system": LOINC, "code": "2823-3", "display": "Potassium"}]}
    quantity = {"value": 4.1, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}
    whole = {"status": "final", "code": code, "effectiveDateTime": AT, "valueQuantity": quantity}
    about = {"subject": {"reference": f"urn:uuid:{files.PATIENT}"}}
    return {"resourceType": "Observation", "id": "o1"} | about | whole | fields


def _about(kind: str, **fields: Any) -> dict[str, Any]:
    subject = "patient" if kind in ("AllergyIntolerance", "Immunization") else "subject"
    return {"resourceType": kind, "id": "x1", subject: {"reference": f"urn:uuid:{files.PATIENT}"}} | fields


def _order(**fields: Any) -> dict[str, Any]:
    whole = {"status": "active", "intent": "order", "authoredOn": AT, "medicationCodeableConcept": {"text": "Aspirin"}}
    return _about("MedicationRequest", **(whole | fields))


def _status(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{system}", "code": code}]}


def _only(population: Population, kind: str) -> Any:
    (record,) = population.of(kind)
    return record


# Who it is about


def test_another_servers_reference_is_another_patient(tmp_path: Path) -> None:
    mine, theirs = "http://a.example/fhir", "http://b.example/fhir"
    result = _value(subject={"reference": f"{theirs}/Patient/p1"})
    path = _write(tmp_path / "b.json", [_entry(mine, files.fhir_patient("p1")), _entry(mine, result)])
    _, summary = _read(path)
    assert [refusal.reason for refusal in summary.refusals] == ["there is no patient p1@b.example/fhir"]


def test_a_named_source_keeps_two_servers_apart(tmp_path: Path) -> None:
    for name in ("a", "b"):
        base = f"http://{name}.example"
        _write(tmp_path / f"{name}.json", [_entry(base, files.fhir_patient("p1")), _entry(base, _value())])
    population, _ = _read(tmp_path, source="North")
    assert len(population.source_ids("patient")) == 2
    alone, _ = _read(tmp_path / "a.json", source="North")
    assert alone.source_ids("patient") == {"p1@North"}


def test_one_id_for_two_people_of_one_folder_refuses_both(tmp_path: Path) -> None:
    for name, family in (("a", "Okafor"), ("b", "Lindqvist")):
        person = files.fhir_patient("p1", name=[{"family": family}])
        result = _value(id=f"o-{name}", subject={"reference": "Patient/p1"})
        _write(tmp_path / f"{name}.json", [{"resource": person}, {"resource": result}])
    population, summary = _read(tmp_path)
    assert (population.of("patient"), population.of("observation")) == ([], [])
    assert summary.refused == 4


def test_a_code_of_another_system_is_another_test(tmp_path: Path) -> None:
    codings = [{"system": "http://lab.example", "code": "2823-3"}, {"code": "2823-3", "display": "Potassium"}]
    results = [_value(id=f"local-{n}", code={"coding": [coding]}) for n, coding in enumerate(codings)]
    population, _ = _one(tmp_path, _value(), *results)
    assert len({record.assay.key for record in population.of("observation")}) == 3


def test_a_logical_reference_finds_its_patient_by_identifier(tmp_path: Path) -> None:
    identifier = {"system": "urn:mrn", "value": "17"}
    person = files.fhir_patient(identifier=[identifier])
    result = _value(subject={"type": "Patient", "identifier": identifier})
    population, summary = _read(files.bundle(tmp_path, person, result))
    assert not summary.refusals
    assert _only(population, "observation").patient == files.PATIENT


# What it says


@pytest.mark.parametrize(
    ("resource", "kind", "words"),
    [
        (_order(doNotPerform=True), "do-not-give", "Aspirin"),
        (_order(intent="plan"), "proposal", "Aspirin"),
        (_order(intent="option", status="on-hold"), "proposal", "Aspirin"),
        (_about("MedicationStatement", status="not-taken", medicationCodeableConcept={"text": "A"}), "not-taken", "A"),
        (_about("MedicationStatement", status="intended", medicationCodeableConcept={"text": "A"}), "proposal", "A"),
        (
            _about(
                "AllergyIntolerance",
                code={"text": "Latex"},
                verificationStatus=_status("allergyintolerance-verification", "refuted"),
            ),
            "refuted",
            "Allergy: Latex",
        ),
        (
            _about("AllergyIntolerance", code={"coding": [{"system": SNOMED, "code": "716186003"}], "text": "NKA"}),
            "negation",
            "NKA",
        ),
        (_about("AllergyIntolerance", code={"text": "No known drug allergy"}), "negation", "No known drug allergy"),
        (
            _about(
                "Condition", code={"text": "Gout"}, verificationStatus=_status("condition-ver-status", "differential")
            ),
            "suspected",
            "Gout",
        ),
        (_about("Immunization", status="not-done", vaccineCode={"text": "MMR"}), "immunization", "MMR"),
        (_about("Procedure", status="completed", code={"text": "Bypass"}), "procedure", "Bypass"),
    ],
)
def test_what_is_no_finding_is_a_statement(tmp_path: Path, resource: dict[str, Any], kind: str, words: str) -> None:
    population, summary = _one(tmp_path, resource)
    assert not summary.refusals
    record = _only(population, "statement")
    assert (record.values["kind"], record.values["text"]) == (kind, words)


@pytest.mark.parametrize("status", ["draft", "mystery", None])
def test_a_status_that_is_no_order_is_refused(tmp_path: Path, status: str | None) -> None:
    population, summary = _one(tmp_path, _order(status=status))
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
    population, _ = _one(tmp_path, _order(dosageInstruction=[step(2, 1), step(1, 2, **days)]))
    told = _only(population, "prescription").values["instructions"]
    assert told == "2 tablet, once a day, for 7 days; then 1 tablet, once a day"


def test_as_needed_ranges_and_maxima_are_told(tmp_path: Path) -> None:
    dosage = {
        "asNeededCodeableConcept": {"text": "pain"},
        "timing": {"repeat": {"frequency": 1, "frequencyMax": 2, "period": 4, "periodMax": 6, "periodUnit": "h"}},
        "doseAndRate": [{"doseRange": {"low": {"value": 1, "unit": "tablet"}, "high": {"value": 2, "unit": "tablet"}}}],
        "maxDosePerPeriod": {"numerator": {"value": 8, "unit": "tablet"}, "denominator": {"value": 1, "unit": "day"}},
    }
    population, _ = _one(tmp_path, _order(dosageInstruction=[dosage]))
    values = _only(population, "prescription").values
    assert (values["dose"], values["frequency"]) == (
        "1 to 2 tablet", "1 to 2 times every 4 to 6 hours, as needed for pain",
    )  # fmt: skip
    assert values["instructions"] == "at most 8 tablet per day"


def test_the_worst_of_all_reactions(tmp_path: Path) -> None:
    reactions = [
        {"manifestation": [{"text": "Rash"}], "severity": "mild"},
        {"manifestation": [{"text": "Anaphylaxis"}], "severity": "severe"},
        {"manifestation": [{"text": "Itch"}]},
    ]
    population, _ = _one(tmp_path, _about("AllergyIntolerance", code={"text": "Peanut"}, reaction=reactions))
    values = _only(population, "allergy").values
    assert (values["severity"], values["reaction"]) == ("severe", "Anaphylaxis; Rash; Itch")


def test_a_laboratorys_own_range_and_flag_win(tmp_path: Path) -> None:
    unit = {"unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}
    bounds = [{"low": {"value": 3.0, **unit}, "high": {"value": 4.0, **unit}}]
    flagged = _value(id="o2", interpretation=[_status("v3-ObservationInterpretation", "LL")], referenceRange=bounds)
    words = _value(id="o3", referenceRange=[{"text": "see the report"}])
    population, _ = _one(tmp_path, _value(referenceRange=bounds), flagged, words)
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
    population, summary = _one(tmp_path, _value(**spoiled))
    assert population.of("observation") == []
    assert summary.refused == 1


@pytest.mark.parametrize(
    "resource",
    [
        _about("Condition", clinicalStatus="active", code={"text": "Gout"}),
        {"resourceType": "MedicationOrder", "id": "m1"},
        _about("Encounter", status="finished", **{"class": "outpatient"}),
        _about("MedicationRequest", status="active", medication={"concept": {"text": "A"}}),
    ],
)
def test_another_version_of_fhir_is_refused_whole(tmp_path: Path, resource: dict[str, Any]) -> None:
    population, summary = _one(tmp_path, resource)
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
    resource = _value()
    del resource["valueQuantity"]
    population, summary = _one(tmp_path, resource | value)
    assert not summary.refusals
    assert _only(population, "observation").values["value_text"] == words


# When


@pytest.mark.parametrize(
    ("written", "day", "precision"),
    [
        ("2019", date(2019, 1, 1), "year"),
        ("2019-03", date(2019, 3, 1), "month"),
        ("2019-03-07", date(2019, 3, 7), None),
        ("2019-03-07T23:30:00Z", date(2019, 3, 8), None),
        ("2019-03-07T23:30:00", date(2019, 3, 7), None),
    ],
)
def test_dates_as_far_as_they_are_known(tmp_path: Path, written: str, day: date, precision: str | None) -> None:
    population, _ = _one(tmp_path, _about("Condition", code={"text": "Gout"}, onsetDateTime=written))
    values = _only(population, "condition").values
    assert values["onset_on"] == day
    assert said.read(values["said"]).get("dates", {}).get("onset_on") == precision


@pytest.mark.parametrize("written", ["2019", "2019-03", "2019-03-07"])
def test_a_day_is_that_day_in_every_zone(tmp_path: Path, written: str) -> None:
    population, _ = _one(tmp_path, _value(effectiveDateTime=written))
    values = _only(population, "observation").values
    for zone in ("Pacific/Pago_Pago", "Asia/Singapore", "America/New_York"):
        local = values["observed_at"].astimezone(ZoneInfo(zone))
        assert local.date().isoformat().startswith(written)
    assert said.iso(said.dated(values["observed_at"], values["said"], "observed_at")) == written


def test_a_time_without_an_offset_takes_the_zone_and_is_told_of(tmp_path: Path) -> None:
    population, summary = _one(tmp_path, _value(effectiveDateTime="2026-10-05T09:00:00"))
    assert _only(population, "observation").values["observed_at"].isoformat() == "2026-10-05T01:00:00+00:00"
    assert summary.times_without_offset == 1


def test_an_unknown_birth_date_is_allowed(tmp_path: Path) -> None:
    person = files.fhir_patient()
    del person["birthDate"]
    population, summary = _read(files.bundle(tmp_path, person))
    assert not summary.refusals
    assert _only(population, "patient").values["birth_on"] is None


# Nothing silent


def test_every_resource_is_counted(tmp_path: Path) -> None:
    others = [{"resourceType": kind, "id": "i"} for kind in ("Coverage", "Claim", "ImagingStudy")]
    population, summary = _one(tmp_path, _value(), *others, {"resourceType": "Claim", "id": "j"})
    assert len(population.of("observation")) == 1
    assert dict(summary.left_out) == {"Coverage": 1, "Claim": 2, "ImagingStudy": 1}


def test_bulk_files_zip_gzip_and_xml(tmp_path: Path) -> None:
    person, result = (
        json.dumps(files.fhir_patient()),
        json.dumps(_value(subject={"reference": f"Patient/{files.PATIENT}"})),
    )
    (tmp_path / "Observation.ndjson").write_text(f"{result}\n\nnot json\n")
    (tmp_path / "Patient.ndjson.gz").write_bytes(gzip.compress(f"{person}\n".encode()))
    (tmp_path / "old.xml").write_text("<Bundle/>")
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as packed:
        packed.writestr("in/c.json", json.dumps(_about("Condition", id="c1", code={"text": "Gout"})))
    population, summary = _read(tmp_path)
    assert [len(population.of(kind)) for kind in ("patient", "observation", "condition")] == [1, 1, 1]
    assert sorted((r.file, r.line) for r in summary.refusals) == [("Observation.ndjson", 3), ("old.xml", 0)]


def test_a_transaction_without_ids(tmp_path: Path) -> None:
    person_url = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"
    person, result = files.fhir_patient(), _value(subject={"reference": person_url})
    del person["id"], result["id"]
    entries = [
        {"fullUrl": "urn:uuid:88f151c0-a954-468a-88bd-5ae15c08e059", "resource": result, "request": {"method": "POST"}},
        {"fullUrl": person_url, "resource": person, "request": {"method": "POST"}},
    ]
    population, summary = _read(_write(tmp_path / "t.json", entries, "transaction"))
    assert not summary.refusals
    assert len(population.of("observation")) == 1


def test_of_a_history_the_newest_version_counts(tmp_path: Path) -> None:
    base = "http://a.example"
    versions = [
        _value(meta={"versionId": str(n), "lastUpdated": f"2026-0{n}-01T00:00:00Z"}, valueString=str(n))
        for n in (3, 1, 2)
    ]
    for version in versions:
        del version["valueQuantity"]
        version["subject"] = {"reference": "Patient/p1"}
    entries = [_entry(base, one) for one in (*versions, files.fhir_patient("p1"))]
    population, summary = _read(_write(tmp_path / "h.json", entries, "history"))
    assert _only(population, "observation").values["value_text"] == "3"
    assert (summary.of("observation").read, summary.of("observation").unchanged) == (3, 2)


def test_a_missing_visit_does_not_take_its_rows_along(tmp_path: Path) -> None:
    broken = files.fhir_encounter("e9")
    del broken["period"]
    rows = [_value(encounter={"reference": "urn:uuid:e9"}), _value(id="o2", encounter={"reference": "Encounter/none"})]
    population, summary = _one(tmp_path, broken, *rows)
    assert [record.visit_key for record in population.of("observation")] == [None, None]
    assert (summary.refused, summary.without_visit) == (1, 2)


def test_a_note_says_what_it_does_not_keep(tmp_path: Path) -> None:
    def attached(kind: str, data: bytes) -> dict[str, Any]:
        return {"attachment": {"contentType": kind, "title": "Letter", "data": base64.b64encode(data).decode()}}

    document = _about("DocumentReference", status="current", date=AT, content=[attached("application/pdf", b"%PDF")])
    population, _ = _one(tmp_path, document)
    assert _only(population, "note").values["text"] == "[Not kept here: Letter, application/pdf]"


# Names


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ([{"use": "old", "text": "Maja Berg"}, {"use": "official", "family": "Holm", "given": ["Maja"]}], "Maja Holm"),
        ([{"text": "Tan Wei Ling", "family": "Tan", "given": ["Wei Ling"]}], "Tan Wei Ling"),
        ([{"family": "田中", "given": ["花子"]}], "田中花子"),
        ([{"family": "King", "given": ["Martin", "Luther"], "suffix": ["Jr."]}], "Martin Luther King Jr."),
    ],
)  # fmt: skip
def test_names_as_they_are_written(tmp_path: Path, names: list[dict[str, Any]], shown: str) -> None:
    population, _ = _read(files.bundle(tmp_path, files.fhir_patient(name=names)))
    assert _only(population, "patient").values["name"] == shown


# The order and the division into files do not matter


ENTRIES = [
    files.fhir_patient(),
    files.fhir_encounter(),
    _value(encounter={"reference": f"urn:uuid:{files.OTHER_VISIT}"}),
    _value(id="o2"),
    _about("Condition", id="c1", code={"text": "Gout"}, onsetDateTime="2019"),
    _order(id="m1", reasonReference=[{"reference": "Condition/c1"}]),
    _about("AllergyIntolerance", id="a1", code={"text": "Latex"}),
]


def _content(population: Population) -> list[str]:
    kinds = ("patient", "visit", "observation", "condition", "prescription", "allergy", "clinic", "practitioner")
    rows = [(r.kind, r.key, r.visit_key, str(r.values)) for kind in kinds for r in population.of(kind)]
    return sorted(map(str, rows))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(len(ENTRIES))), cut=st.integers(0, len(ENTRIES)))
def test_any_order_and_split_gives_the_same_record(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], cut: int
) -> None:
    folder = tmp_path_factory.mktemp("split", numbered=True) / "same"
    whole = files.bundle(folder / "whole", *ENTRIES)
    parts = folder / "parts"
    shuffled = [ENTRIES[place] for place in order]
    files.bundle(parts, *shuffled[:cut], name="a.json")
    files.bundle(parts, *shuffled[cut:], name="b.json")
    expected, _ = _read(whole, source="S")
    found, summary = _read(parts, source="S")
    assert not summary.refusals
    assert _content(found) == _content(expected)
