"""The shared data, imported into real servers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from core.interchange import fhir, synthea
from core.interchange.summary import Summary
from core.models import AccessEvent, Allergy, Assay, Condition, Note, Observation, Patient, Prescription, Visit
from core.stores import databases
from tests.table_contents import fingerprint

TABLES = ("clinic", "practitioner", "patient", "visit", "observation", "condition", "allergy", "prescription", "note")
DAY = date(2026, 11, 20)
# What is only suspected ("Suspected lung cancer") is a statement, no problem.
SUSPECTED = 5
CSV_59 = {"patient": 59, "visit": 2590, "observation": 21697, "condition": 1534 - SUSPECTED, "prescription": 1772,
          "note": 1802}  # fmt: skip


def _counts() -> dict[str, int]:
    with databases.write() as session:
        return {table: session.scalar(text(f"SELECT count(*) FROM {table}")) or 0 for table in TABLES}


def _fingerprint() -> dict[str, Any]:
    """What a second import must leave as it is: every row of every table."""
    with databases.write(60) as session:
        return {table: fingerprint(session, table) for table in (*TABLES, "imported_row", "assay")}


def _nothing_new(summary: Summary) -> bool:
    return (summary.new, summary.updated, summary.refused) == (0, 0, 0) and summary.unchanged == summary.read > 0


def test_synthea_27_twice(database: Any, shared_data: Path) -> None:
    first = synthea.import_directory(shared_data / "synthea-27", shift_to=DAY)
    assert (first.refused, first.new) == (0, first.read)
    assert (first.of("patient").new, first.of("visit").new, first.of("observation").new) == (27, 604, 990)
    before = _fingerprint()
    assert _nothing_new(synthea.import_directory(shared_data / "synthea-27", shift_to=DAY + timedelta(days=9)))
    assert _fingerprint() == before
    with databases.write() as session:
        assert session.scalar(select(func.max(Visit.started_at))).date() == DAY
        events = session.scalars(select(AccessEvent.action)).all()
    assert list(events) == ["import.synthea", "import.synthea"]


@pytest.mark.parametrize("fhir_first", [False, True])
def test_csv_notes_and_bundles_of_the_same_patients(database: Any, shared_data: Path, fhir_first: bool) -> None:
    def of_csv() -> Summary:
        return synthea.import_directory(shared_data / "synthea-59" / "csv", shift_to=DAY)

    def of_fhir() -> Summary:
        return fhir.import_path(shared_data / "synthea-59" / "fhir", shift_to=DAY)

    order: list[Callable[[], Summary]] = [of_fhir, of_csv] if fhir_first else [of_csv, of_fhir]
    first, second = (read() for read in order)
    assert first.refused == second.refused == 0
    counts = _counts()
    assert {kind: counts[kind] for kind in CSV_59} == CSV_59
    assert (counts["clinic"], counts["practitioner"]) == (173, 173)
    assert (second if fhir_first else first).of("statement").new <= SUSPECTED
    if not fhir_first:
        # Its CSV has procedures and vaccinations in files that are not read.
        assert second.new == second.of("statement").new == 407
        assert (second.of("visit").unchanged, second.of("observation").unchanged) == (188, 1662)
    before = _fingerprint()
    assert all(_nothing_new(read()) for read in order)
    assert _fingerprint() == before


def test_what_was_imported_reads_well(database: Any, shared_data: Path) -> None:
    summary = synthea.import_directory(shared_data / "synthea-59" / "csv", shift_to=DAY)
    with databases.write() as session:
        _names_and_links(session)
        _judged_values(session)
        _shifted_dates(session, summary.shift_days)


def _names_and_links(session: Session) -> None:
    names = set(session.scalars(select(Patient.name)))
    assert {"Jorge Luis Vela", "Silvia Farías", "Maude Wunsch"} <= names
    assert not any(character.isdigit() for name in names for character in name)
    assert session.scalar(select(func.count()).where(Note.visit_id.is_(None))) == 0
    assert session.scalar(select(func.count()).where(Observation.visit_id.is_(None))) == 1512
    assert session.scalar(select(func.count()).where(Prescription.status == "active")) == 122
    assert session.scalar(select(func.count()).select_from(Allergy)) == 25
    assert session.scalar(select(func.count()).where(Condition.status == "active")) == 401


def _judged_values(session: Session) -> None:
    query = select(Observation.value_number, Observation.ref_low, Observation.ref_high, Observation.interpretation)
    rows = session.execute(query.join(Assay).where(Assay.code == "4548-4")).all()
    assert len(rows) == 96
    for value, low, high, interpretation in rows:
        assert (low, high) == (4, 6)
        assert interpretation == ("L" if value < 4 else "N" if value <= 6 else "H" if value <= 14 else "HH")
    units = set(session.scalars(select(Assay.unit)))
    assert {"mm[Hg]", "{score}", None} <= units
    assert "null" not in units
    hba1c = session.scalars(select(Assay).where(Assay.code == "4548-4")).one()
    assert (hba1c.short_name, hba1c.plain_name) == ("HbA1c", "Average blood sugar over three months")


def _shifted_dates(session: Session, days: int) -> None:
    assert days == (DAY - date(2022, 2, 27)).days
    newest = session.scalar(select(func.max(Visit.started_at)))
    assert newest is not None
    assert newest.date() == DAY
    patient = session.scalars(select(Patient).where(Patient.name == "Jorge Luis Vela")).one()
    assert patient.birth_on == date(2021, 8, 22) + timedelta(days=days)
    for note in session.scalars(select(Note).limit(200)):
        first_line = note.text.strip().splitlines()[0]
        assert abs(date.fromisoformat(first_line) - note.written_at.date()) <= timedelta(days=1)
