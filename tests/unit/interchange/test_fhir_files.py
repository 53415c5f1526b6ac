"""Dates, names and files: what is read of them, that nothing is silent, and that their order does not matter."""

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

from core.interchange.source_rows import Population
from core.models import said
from tests import interchange_files as files
from tests.fhir_cases import AT, LOINC, about, entry_at, measured, only, order, read, read_with, write_bundle

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
    population, _ = read_with(tmp_path, about("Condition", code={"text": "Gout"}, onsetDateTime=written))
    values = only(population, "condition").values
    assert values["onset_on"] == day
    assert said.read(values["said"]).get("dates", {}).get("onset_on") == precision


@pytest.mark.parametrize("written", ["2019", "2019-03", "2019-03-07"])
def test_a_day_is_that_day_in_every_zone(tmp_path: Path, written: str) -> None:
    population, _ = read_with(tmp_path, measured(effectiveDateTime=written))
    values = only(population, "observation").values
    for zone in ("Pacific/Pago_Pago", "Asia/Singapore", "America/New_York"):
        local = values["observed_at"].astimezone(ZoneInfo(zone))
        assert local.date().isoformat().startswith(written)
    assert said.iso(said.dated(values["observed_at"], values["said"], "observed_at")) == written


def test_a_time_without_an_offset_takes_the_zone_and_is_told_of(tmp_path: Path) -> None:
    population, summary = read_with(tmp_path, measured(effectiveDateTime="2026-10-05T09:00:00"))
    assert only(population, "observation").values["observed_at"].isoformat() == "2026-10-05T01:00:00+00:00"
    assert summary.times_without_offset == 1


def test_an_unknown_birth_date_is_allowed(tmp_path: Path) -> None:
    person = files.fhir_patient()
    del person["birthDate"]
    population, summary = read(files.bundle(tmp_path, person))
    assert not summary.refusals
    assert only(population, "patient").values["birth_on"] is None


# Nothing silent


def test_every_resource_is_counted(tmp_path: Path) -> None:
    others = [{"resourceType": kind, "id": "i"} for kind in ("Coverage", "Claim", "ImagingStudy")]
    population, summary = read_with(tmp_path, measured(), *others, {"resourceType": "Claim", "id": "j"})
    assert len(population.of("observation")) == 1
    assert dict(summary.left_out) == {"Coverage": 1, "Claim": 2, "ImagingStudy": 1}


def test_bulk_files_zip_gzip_and_xml(tmp_path: Path) -> None:
    person, result = (
        json.dumps(files.fhir_patient()),
        json.dumps(measured(subject={"reference": f"Patient/{files.PATIENT}"})),
    )
    (tmp_path / "Observation.ndjson").write_text(f"{result}\n\nnot json\n")
    (tmp_path / "Patient.ndjson.gz").write_bytes(gzip.compress(f"{person}\n".encode()))
    (tmp_path / "old.xml").write_text("<Bundle/>")
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as packed:
        packed.writestr("in/c.json", json.dumps(about("Condition", id="c1", code={"text": "Gout"})))
    population, summary = read(tmp_path)
    assert [len(population.of(kind)) for kind in ("patient", "observation", "condition")] == [1, 1, 1]
    assert sorted((r.file, r.line) for r in summary.refusals) == [("Observation.ndjson", 3), ("old.xml", 0)]


def test_a_transaction_without_ids(tmp_path: Path) -> None:
    person_url = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"
    person, result = files.fhir_patient(), measured(subject={"reference": person_url})
    del person["id"], result["id"]
    entries = [
        {"fullUrl": "urn:uuid:88f151c0-a954-468a-88bd-5ae15c08e059", "resource": result, "request": {"method": "POST"}},
        {"fullUrl": person_url, "resource": person, "request": {"method": "POST"}},
    ]
    population, summary = read(write_bundle(tmp_path / "t.json", entries, "transaction"))
    assert not summary.refusals
    assert len(population.of("observation")) == 1


def test_of_a_history_the_newest_version_counts(tmp_path: Path) -> None:
    base = "http://a.example"
    versions = [
        measured(meta={"versionId": str(n), "lastUpdated": f"2026-0{n}-01T00:00:00Z"}, valueString=str(n))
        for n in (3, 1, 2)
    ]
    for version in versions:
        del version["valueQuantity"]
        version["subject"] = {"reference": "Patient/p1"}
    entries = [entry_at(base, one) for one in (*versions, files.fhir_patient("p1"))]
    population, summary = read(write_bundle(tmp_path / "h.json", entries, "history"))
    assert only(population, "observation").values["value_text"] == "3"
    assert (summary.of("observation").read, summary.of("observation").unchanged) == (3, 2)


def test_a_missing_visit_does_not_take_its_rows_along(tmp_path: Path) -> None:
    broken = files.fhir_encounter("e9")
    del broken["period"]
    rows = [
        measured(encounter={"reference": "urn:uuid:e9"}),
        measured(id="o2", encounter={"reference": "Encounter/none"}),
    ]
    population, summary = read_with(tmp_path, broken, *rows)
    assert [record.visit_key for record in population.of("observation")] == [None, None]
    assert (summary.refused, summary.without_visit) == (1, 2)


def test_a_note_says_what_it_does_not_keep(tmp_path: Path) -> None:
    def attached(kind: str, data: bytes) -> dict[str, Any]:
        return {"attachment": {"contentType": kind, "title": "Letter", "data": base64.b64encode(data).decode()}}

    document = about("DocumentReference", status="current", date=AT, content=[attached("application/pdf", b"%PDF")])
    population, _ = read_with(tmp_path, document)
    assert only(population, "note").values["text"] == "[Not kept here: Letter, application/pdf]"


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
    population, _ = read(files.bundle(tmp_path, files.fhir_patient(name=names)))
    assert only(population, "patient").values["name"] == shown


# The order and the division into files do not matter


TEXT = {"contentType": "text/plain", "data": base64.b64encode(b"Chest clear.").decode()}
PDF = {"contentType": "application/pdf", "data": base64.b64encode(b"%PDF-1.7 x").decode(), "title": "Letter"}
RESTRICTED = {
    "meta": {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]}
}
AT_VISIT = {"encounter": {"reference": f"urn:uuid:{files.OTHER_VISIT}"}}


def _on(server: str, resource: dict[str, Any]) -> dict[str, Any]:
    """An entry of a server, whose ids another server has too."""
    kind = resource["resourceType"]
    request = {"method": "PUT", "url": f"{kind}/{resource['id']}"}
    return {
        "fullUrl": f"https://{server}.example/fhir/{kind}/{resource['id']}",
        "resource": resource,
        "request": request,
    }


def _of_server(server: str, name: str, value: int) -> list[dict[str, Any]]:
    patient = files.fhir_patient("1", name=[{"text": name}])
    result = measured(id="9", subject={"reference": "Patient/1"}, valueQuantity={"value": value, "unit": "mmol/L"})
    return [_on(server, patient), _on(server, result)]


def _timeless(name: str, **fields: Any) -> dict[str, Any]:
    """A value whose time others tell."""
    whole = measured(id=name, effectiveDateTime=None, **fields)
    return {name: value for name, value in whole.items() if value is not None}


def _pressure(version: str, *values: tuple[str, int]) -> dict[str, Any]:
    """A version of a blood pressure."""
    parts = [
        {"code": {"coding": [{"system": LOINC, "code": code}]}, "valueQuantity": {"value": value, "unit": "mm[Hg]"}}
        for code, value in values
    ]
    whole = measured(id="bp", status="corrected", component=parts, meta={"versionId": version})
    del whole["valueQuantity"]
    return whole


ENTRIES: list[Any] = [
    files.fhir_patient(),
    files.fhir_encounter(),
    measured(encounter={"reference": f"urn:uuid:{files.OTHER_VISIT}"}),
    measured(id="o2"),
    about("Condition", id="c1", code={"text": "Gout"}, onsetDateTime="2019"),
    order(id="m1", reasonReference=[{"reference": "Condition/c1"}]),
    about("AllergyIntolerance", id="a1", code={"text": "Latex"}),
    about("AllergyIntolerance", id="a2", code={"text": "Nuts"}, verificationStatus={"coding": [{"code": "refuted"}]}),
    about("Condition", id="c2", code={"text": "Old"}, meta={"versionId": "1"}),
    about("Condition", id="c2", code={"text": "New"}, meta={"versionId": "2"}),
    about("DocumentReference", id="d1", status="current", date=AT, content=[{"attachment": TEXT}]),
    about("DiagnosticReport", id="r1", status="final", issued=AT, presentedForm=[TEXT]),
    about("DiagnosticReport", id="r2", status="final", issued=AT, conclusion="Clear"),
    {"fullUrl": "urn:uuid:o2", "request": {"method": "DELETE", "url": "Observation/o2"}},
    # Statements.
    about("Immunization", id="i1", status="completed", vaccineCode={"text": "BCG"}, occurrenceDateTime="1961"),
    about("Procedure", id="p1", status="not-done", code={"text": "Biopsy"}, performedDateTime="2020-02"),
    order(id="m2", doNotPerform=True),
    # Files, one of them apart from its document.
    about("DocumentReference", id="d2", status="current", date=AT, content=[{"attachment": TEXT}, {"attachment": PDF}]),
    about("DocumentReference", id="d3", status="current", date=AT, content=[{"attachment": {"url": "Binary/b1"}}]),
    {"resourceType": "Binary", "id": "b1", "contentType": "application/pdf", "data": PDF["data"]},
    # Corrections.
    _pressure("1", ("8480-6", 120), ("8462-4", 80)),
    _pressure("3", ("8462-4", 85)),
    _pressure("2", ("8480-6", 130), ("8462-4", 80), ("8478-0", 97)),
    measured(id="o3", meta={"versionId": "1"}),
    measured(id="o3", meta={"versionId": "2"}, status="entered-in-error"),
    about("DocumentReference", id="d4", status="current", date=AT, content=[{"attachment": TEXT}],
          relatesTo=[{"code": "replaces", "target": {"reference": "DocumentReference/d2"}}]),
    # What is for few, with its visit.
    measured(id="o4", **RESTRICTED, **AT_VISIT),
    # Times that a report, a panel and a visit lend.
    _timeless("t1"),
    _timeless("t2"),
    _timeless("t3", **AT_VISIT),
    about("DiagnosticReport", id="lender", status="final", code={"text": "Blood"}, effectiveDateTime=AT,
          result=[{"reference": "Observation/t1"}, {"reference": "Observation/head"}]),
    _timeless("head", hasMember=[{"reference": "Observation/t2"}], valueQuantity=None),
    # Two servers with the same ids.
    *_of_server("one", "Ann One", 1),
    *_of_server("two", "Bob Two", 2),
]  # fmt: skip


def _content(population: Population) -> list[str]:
    kinds = (
        "patient",
        "visit",
        "observation",
        "condition",
        "prescription",
        "allergy",
        "clinic",
        "practitioner",
        "note",
        "statement",
    )
    rows = [(r.kind, r.key, r.visit_key, r.label, str(r.values)) for kind in kinds for r in population.of(kind)]
    return sorted(map(str, [*rows, *((one.kind, one.source_id) for one in population.retractions)]))


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
    expected, told = read(whole, source="S")
    found, summary = read(parts, source="S")
    assert not summary.refusals
    assert _content(found) == _content(expected)
    assert (summary.left_out, summary.counts) == (told.left_out, told.counts)


def test_a_patch_is_refused_and_not_passed_over(tmp_path: Path) -> None:
    operation = {"name": "operation", "part": [{"name": "path", "valueString": "Observation.status"}]}
    patch = {"resourceType": "Parameters", "parameter": [operation]}
    entry = {"resource": patch, "request": {"method": "PATCH", "url": "Observation/o1"}}
    _, summary = read(files.bundle(tmp_path, files.fhir_patient(), entry))
    assert ["PATCH" in refusal.reason for refusal in summary.refusals] == [True]
