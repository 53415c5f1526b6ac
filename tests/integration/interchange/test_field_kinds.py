"""More cases of kinds that files of the real world show: other resources, other order, other spelling, and CSV."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core.interchange import fhir, synthea
from core.interchange.summary import Summary
from core.models import Base
from core.stores import databases
from tests import interchange_files as files
from tests.fhir_cases import about, entry_at, measured, order, status, write_bundle

NORTH, SOUTH = "http://north.example/fhir", "http://south.example/fhir"
ME = {"reference": "Patient/p1"}


def rows(table: str, *columns: str) -> list[tuple[Any, ...]]:
    """These columns of a table, by id."""
    of = Base.metadata.tables[table]
    with databases.write() as session:
        return [tuple(row) for row in session.execute(select(*(of.c[name] for name in columns)).order_by(of.c.id))]


def person(**fields: Any) -> dict[str, Any]:
    return files.fhir_patient("p1", **fields)


def sent(path: Path, *resources: dict[str, Any], base: str = NORTH) -> Summary:
    """Import a bundle of one server."""
    return fhir.import_path(write_bundle(path, [entry_at(base, one) for one in resources]))


def mine(resource: dict[str, Any]) -> dict[str, Any]:
    """A resource about the server's own patient."""
    name = "patient" if "patient" in resource else "subject"
    return resource | {name: ME}


# 01, 02: who it is about


@pytest.mark.parametrize("first", ["north", "south"])
def test_two_servers_with_one_id_in_any_order(database: Any, tmp_path: Path, first: str) -> None:
    made = {
        "north": (NORTH, person(name=[{"text": "Ben Okafor"}], gender="male"), "Latex"),
        "south": (SOUTH, person(name=[{"text": "Maja Lindqvist"}], gender="female", birthDate="1999-01-01"), "Nuts"),
    }
    for name in sorted(made, key=lambda one: one != first):
        base, who, substance = made[name]
        allergy = mine(about("AllergyIntolerance", code={"text": substance}))
        assert sent(tmp_path / f"{name}.json", allergy, who, base=base).refused == 0
    names = dict(rows("patient", "id", "name"))
    told = {names[who]: substance for who, substance in rows("allergy", "patient_id", "substance")}
    assert told == {"Ben Okafor": "Latex", "Maja Lindqvist": "Nuts"}


@pytest.mark.parametrize("resource", ["Condition", "MedicationRequest", "Immunization"])
def test_the_rows_of_another_person_under_a_known_id(database: Any, tmp_path: Path, resource: str) -> None:
    sent(tmp_path / "1.json", person(name=[{"text": "Ben Okafor"}], gender="male"))
    other = person(name=[{"text": "Lucia Marchetti"}], gender="female")
    made = {"Condition": about(resource, code={"text": "Gout"}), "MedicationRequest": order(),
            "Immunization": about(resource, status="completed", vaccineCode={"text": "Polio"})}  # fmt: skip
    summary = sent(tmp_path / "2.json", mine(made[resource]), other)
    assert summary.refused == 2
    assert rows("patient", "name") == [("Ben Okafor",)]
    assert rows("condition", "id") + rows("prescription", "id") + rows("statement", "id") == []


def test_another_person_under_a_known_id_in_csv(database: Any, tmp_path: Path) -> None:
    synthea.import_directory(files.write(tmp_path))
    other = files.patient(FIRST="Lucia", LAST="Marchetti", GENDER="M", BIRTHDATE="1990-01-01")
    summary = synthea.import_directory(files.write(tmp_path, files.tables(patients=[other])))
    assert rows("patient", "name", "sex") == [("Maude Wunsch", "female")]
    assert summary.refused > 0


# 03: which test it is


def test_one_code_of_three_systems_is_three_tests(database: Any, tmp_path: Path) -> None:
    codings = ({"system": f"urn:oid:1.2.{n}", "code": "17", "display": name} for n, name in enumerate(("Na", "Cl")))
    parts = [{"code": {"coding": [one]}, "valueQuantity": {"value": 100, "unit": "mmol/L"}} for one in codings]
    whole = measured(code={"text": "Salts"}, component=parts, subject=ME)
    del whole["valueQuantity"]
    plain = measured(id="o2", code={"coding": [{"code": "17", "display": "K"}]}, subject=ME)
    sent(tmp_path / "1.json", person(), whole, plain)
    assert sorted(rows("assay", "name")) == [("Cl",), ("K",), ("Na",)]


# 45: what is taken back


@pytest.mark.parametrize(
    ("table", "first", "back"),
    [
        ("statement", about("Immunization", status="completed", vaccineCode={"text": "Polio"}),
         {"status": "Entered-in-error"}),
        ("statement", about("Procedure", status="completed", code={"text": "Bypass"}), {"status": "entered-in-error "}),
        ("prescription", about("MedicationStatement", status="active", medicationCodeableConcept={"text": "A"}),
         {"status": "entered-in-error"}),
        ("condition", about("Condition", code={"text": "HIV"}),
         {"verificationStatus": status("condition-ver-status", "refuted")}),
        ("note", about("DiagnosticReport", status="final", code={"text": "CT"}, issued="2026-10-05", conclusion="Mass"),
         {"status": "cancelled"}),
        ("observation", measured(), {"status": "final", "valueQuantity": None, "dataAbsentReason": {"text": "error"}}),
    ],
)  # fmt: skip
def test_what_is_taken_back_is_gone(
    database: Any, tmp_path: Path, table: str, first: dict[str, Any], back: dict[str, Any]
) -> None:
    sent(tmp_path / "1.json", mine(first), person())
    assert len(rows(table, "id")) == 1
    newer = {name: value for name, value in (mine(first) | back).items() if value is not None}
    sent(tmp_path / "2.json", newer)
    assert rows(table, "id") == []


# 46, 47: what is corrected or stopped


@pytest.mark.parametrize(
    ("table", "first", "changed", "column", "day"),
    [
        ("statement", about("Procedure", status="completed", code={"text": "Bypass"}, performedDateTime="2019-01-01"),
         {"performedDateTime": "2018-01-01"}, "stated_on", date(2018, 1, 1)),
        ("prescription", order(), {"authoredOn": "2026-09-01"}, "started_on", date(2026, 9, 1)),
        ("allergy", about("AllergyIntolerance", code={"text": "Latex"}, recordedDate="2019-01-01"),
         {"recordedDate": "2018-01-01"}, "recorded_on", date(2018, 1, 1)),
    ],
)  # fmt: skip
def test_a_corrected_day_makes_no_second_row(
    database: Any, tmp_path: Path, *, table: str, first: dict[str, Any], changed: dict[str, Any], column: str, day: date
) -> None:
    sent(tmp_path / "1.json", person(), mine(first))
    sent(tmp_path / "2.json", mine(first) | changed)
    assert rows(table, column) == [(day,)]


def test_a_corrected_visit_of_csv_is_the_same_visit(database: Any, tmp_path: Path) -> None:
    synthea.import_directory(files.write(tmp_path))
    moved = files.tables(encounters=[files.visit(START="2020-03-02T08:00:00Z", STOP="2020-03-02T08:30:00Z")])
    for _ in range(2):
        summary = synthea.import_directory(files.write(tmp_path, moved))
        assert summary.refused == 0
        assert [(str(at)[:10], who) for at, who in rows("visit", "started_at", "id")] == [("2020-03-02", 1)]
    assert (summary.updated, summary.new) == (0, 0)
    assert {visit for (visit,) in rows("observation", "visit_id")} == {1}


def later(**cells: str) -> files.Tables:
    """The same files, where the result stands an hour later."""
    return files.tables(observations=[files.observation(DATE="2020-03-01T09:00:00Z", **cells)])


def test_a_result_of_csv_at_another_time_is_told(database: Any, tmp_path: Path) -> None:
    synthea.import_directory(files.write(tmp_path))
    summary = synthea.import_directory(files.write(tmp_path, later()))
    assert len(rows("observation", "id")) == 2
    assert [places for words, places in summary.doubt_examples.items() if "corrected" in words] == [
        ["observations.csv:2"]
    ]


@pytest.mark.parametrize(
    "second",
    [
        later(VALUE="7.2"),
        files.tables(observations=[files.observation(), files.observation(DATE="2020-03-01T09:00:00Z")]),
    ],
)
def test_another_result_is_no_corrected_one(database: Any, tmp_path: Path, second: files.Tables) -> None:
    synthea.import_directory(files.write(tmp_path))
    summary = synthea.import_directory(files.write(tmp_path, second))
    assert len(rows("observation", "id")) == 2
    assert not any("corrected" in words for words in summary.doubts)


def test_a_result_of_csv_with_an_id_is_the_same_at_another_time(database: Any, tmp_path: Path) -> None:
    synthea.import_directory(files.write(tmp_path, files.tables(observations=[files.observation(Id="o-1")])))
    for updated in (1, 0):
        summary = synthea.import_directory(files.write(tmp_path, later(Id="o-1")))
        assert (summary.updated, summary.new, summary.refused) == (updated, 0, 0)
    assert [f"{at:%H}" for (at,) in rows("observation", "observed_at")] == ["09"]


def test_two_results_of_csv_with_one_id_are_not_both_taken(database: Any, tmp_path: Path) -> None:
    two = [files.observation(Id="o-1"), files.observation(Id="o-1", VALUE="9.9")]
    summary = synthea.import_directory(files.write(tmp_path, files.tables(observations=two)))
    assert (len(rows("observation", "id")), summary.refused) == (1, 1)


def test_a_medicine_stopped_in_csv_is_stopped(database: Any, tmp_path: Path) -> None:
    synthea.import_directory(files.write(tmp_path))
    ended = files.tables(medications=[files.medication(STOP="2020-04-01T08:10:00Z")])
    synthea.import_directory(files.write(tmp_path, ended))
    assert rows("prescription", "status", "stopped_on") == [("completed", date(2020, 4, 1))]


@pytest.mark.parametrize("stop", [{"status": "stopped"}, {"status": "Stopped"}, {"status": "completed"}])
def test_a_statement_that_is_stopped(database: Any, tmp_path: Path, stop: dict[str, Any]) -> None:
    first = mine(about("MedicationStatement", status="active", medicationCodeableConcept={"text": "Ramipril"}))
    sent(tmp_path / "2.json", person(), first)
    sent(tmp_path / "1.json", first | stop)
    assert rows("prescription", "status") == [(stop["status"].lower(),)]
