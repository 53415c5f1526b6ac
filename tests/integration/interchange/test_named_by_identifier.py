"""Rows that name their patient by an identifier which only an earlier import knows."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from core.interchange import fhir
from core.interchange.summary import Summary
from core.models import ImportedRow, Observation, Patient
from core.stores import databases
from tests import interchange_files as files
from tests.fhir_cases import entry_at, measured, write_bundle

SYSTEM, NUMBER = "http://north.example/mrn", "4711"
NORTH, SOUTH = "http://north.example/fhir", "http://south.example/fhir"
BY_IDENTIFIER = {"identifier": {"system": SYSTEM, "value": NUMBER}}


def _person(folder: Path, base: str = NORTH, own_id: str = "p1", **fields: Any) -> Path:
    person = files.fhir_patient(own_id, identifier=[{"system": SYSTEM, "value": NUMBER}], **fields)
    return write_bundle(folder / f"{own_id}.json", [entry_at(base, person)])


def _value(folder: Path, subject: dict[str, Any]) -> Path:
    return write_bundle(folder / "value.json", [entry_at(SOUTH, measured(subject=subject))])


def _owners() -> list[str]:
    with databases.write() as session:
        query = select(Patient.name).join(Observation, Observation.patient_id == Patient.id)
        return list(session.scalars(query))


def _refusals(summary: Summary) -> list[str]:
    return [refusal.reason for refusal in summary.refusals]


@pytest.mark.parametrize(
    "subject",
    [BY_IDENTIFIER, BY_IDENTIFIER | {"type": "Patient"}, {"reference": f"Patient?identifier={SYSTEM}|{NUMBER}"}],
)
def test_a_patient_of_an_earlier_import_is_found(database: Any, tmp_path: Path, subject: dict[str, Any]) -> None:
    fhir.import_path(_person(tmp_path))
    later = _value(tmp_path, subject)
    assert _refusals(fhir.import_path(later)) == []
    assert _owners() == ["Maude Wunsch"]
    again = fhir.import_path(later)
    assert (again.new, again.updated, again.unchanged, again.refused) == (0, 0, 1, 0)


def test_dates_move_as_those_of_the_patient_did(database: Any, tmp_path: Path) -> None:
    whole = [entry_at(NORTH, files.fhir_patient("p1", identifier=[BY_IDENTIFIER["identifier"]]))]
    whole.append(entry_at(NORTH, measured(subject={"reference": "Patient/p1"}, effectiveDateTime="2026-01-01")))
    fhir.import_path(write_bundle(tmp_path / "p1.json", whole), shift_to=date(2026, 1, 11))
    fhir.import_path(_value(tmp_path, BY_IDENTIFIER))
    with databases.write() as session:
        seen = session.scalars(select(Observation.observed_at).order_by(Observation.id)).all()
    assert [at.date() for at in seen] == [date(2026, 1, 11), date(2026, 10, 15)]


def test_what_two_people_have_names_nobody(database: Any, tmp_path: Path) -> None:
    fhir.import_path(_person(tmp_path))
    second = fhir.import_path(_person(tmp_path, SOUTH, "p2", birthDate="1990-01-01", gender="male"))
    assert len(second.possible_same) == 1
    (reason,) = _refusals(fhir.import_path(_value(tmp_path, BY_IDENTIFIER)))
    assert "not exactly one" in reason
    assert _owners() == []
    # Another import of the first changes nothing in that.
    fhir.import_path(tmp_path / "p1.json")
    assert fhir.import_path(tmp_path / "value.json").refused == 1


def test_two_people_of_one_import_with_one_identifier_name_nobody_later(database: Any, tmp_path: Path) -> None:
    people = [files.fhir_patient(own_id, identifier=[BY_IDENTIFIER["identifier"]]) for own_id in ("p1", "p2")]
    both = [entry_at(NORTH, people[0]), entry_at(SOUTH, people[1])]
    assert len(fhir.import_path(write_bundle(tmp_path / "both.json", both)).possible_same) == 1
    assert fhir.import_path(_value(tmp_path, BY_IDENTIFIER)).refused == 1
    assert _owners() == []


@pytest.mark.parametrize(
    ("subject", "reason"),
    [
        ({"identifier": {"system": SYSTEM, "value": "4712"}}, "not exactly one"),
        ({"identifier": {"system": "http://south.example/mrn", "value": NUMBER}}, "not exactly one"),
        ({"identifier": {"value": NUMBER}}, "no system"),
        (BY_IDENTIFIER | {"type": "Group"}, "about a Group"),
    ],
)
def test_nobody_who_is_near_takes_the_row(database: Any, tmp_path: Path, subject: dict[str, Any], reason: str) -> None:
    fhir.import_path(_person(tmp_path))
    (told,) = _refusals(fhir.import_path(_value(tmp_path, subject)))
    assert reason in told
    assert _owners() == []


def test_one_whose_days_nobody_kept_is_named_after_another_import(database: Any, tmp_path: Path) -> None:
    fhir.import_path(_person(tmp_path))
    with databases.write() as session:
        session.execute(update(ImportedRow).where(ImportedRow.source == ImportedRow.IDENTIFIER).values(content_hash=""))
    later = _value(tmp_path, BY_IDENTIFIER)
    assert fhir.import_path(later).refused == 1
    fhir.import_path(tmp_path / "p1.json")
    assert fhir.import_path(later).refused == 0
    assert _owners() == ["Maude Wunsch"]
