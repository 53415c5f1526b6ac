"""One patient's rows into the primary, all in the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.interchange import ledger, shift
from core.interchange.catalogue import Catalogue
from core.interchange.ledger import Entry
from core.interchange.resolve import CHILDREN, PatientRows
from core.interchange.source_rows import Record
from core.interchange.upsert import Work, upsert
from core.interchange.usual_ranges import usual_for
from core.models import Patient
from core.picture import upkeep as picture
from core.queries.reference_ranges import interpret
from core.sealing import stored_national_id


class PatientRefused(Exception):
    """The patient can't be kept, and so none of the rows; the message says why."""


@dataclass(frozen=True, slots=True)
class Person:
    """What the rows need to know of their patient; the birth day as the source gave it, not moved."""

    row_id: int
    sex: str
    birth_on: date


def save(work: Work, batch: PatientRows, days: int, catalogue: Catalogue) -> None:
    """Keep a patient and its rows, dates moved by `days`. Raises PatientRefused."""
    person = _save_patient(work, batch, days)

    def visit_row(record: Record) -> dict[str, Any]:
        return {
            **shift.shifted(record.values, days),
            "patient_id": person.row_id,
            "clinic_id": catalogue.clinics.get(record.clinic or ""),
            "practitioner_id": catalogue.practitioners.get(record.practitioner or ""),
        }

    visits = [record for record in batch.rows if record.kind == "visit"]
    visit_ids = upsert(work, "visit", visits, visit_row)
    _name_visits(work, visits, visit_ids)
    for kind in CHILDREN:
        records = [record for record in batch.rows if record.kind == kind]
        upsert(work, kind, records, _row_of(person, days, visit_ids, catalogue))
    _keep_picture(work, person.row_id)


def _keep_picture(work: Work, patient_id: int) -> None:
    if patient_id in work.written.get("patient", []) and work.summary.of("patient").new:
        picture.begin(work.session, [patient_id])
    elif measured := work.written.get("observation"):
        picture.refresh(work.session, patient_id, observation_ids=measured)


def _save_patient(work: Work, batch: PatientRows, days: int) -> Person:
    entries = work.known.get(ledger.patient_key(batch.source_id), {})
    row_id = next((entry.row_id for entry in entries.values()), None)
    if batch.patient is None:
        existing = work.session.get(Patient, row_id)
        if existing is None:
            raise PatientRefused(f"there is no patient {batch.source_id}")
        return Person(existing.id, existing.sex, existing.birth_on - timedelta(days=days))
    _check_identity(work.session, batch.patient, row_id, days)
    ids = upsert(work, "patient", [batch.patient], lambda record: _person(record, days))
    if row_id is None:
        row_id = ids[batch.patient.key]
        ledger.add(work.session, [Entry(shift.SOURCE, batch.source_id, "patient", row_id, shift.encode(days))])
    return Person(row_id, batch.patient.values["sex"], batch.patient.values["birth_on"])


def _person(record: Record, days: int) -> dict[str, Any]:
    row = shift.shifted(record.values, days)
    number = row.pop("national_id")
    return {**row, **stored_national_id.columns(number)}


def _check_identity(session: Session, record: Record, row_id: int | None, days: int) -> None:
    values = shift.shifted(record.values, days)
    if row_id is not None:
        query = select(Patient.name, Patient.birth_on).where(Patient.id == row_id)
        kept = session.execute(query).first()
        if kept is None:
            raise PatientRefused(f"patient:{row_id} was erased here at their request and is not imported again")
        if kept[0] != values["name"] and kept[1] != values["birth_on"]:
            raise PatientRefused(f"id {record.patient} belongs to another person here (name and birth date differ)")
    if values["national_id"] is not None:
        holder = session.scalar(select(Patient.id).where(stored_national_id.held(values["national_id"])))
        if holder is not None and holder != row_id:
            raise PatientRefused(f"its national id belongs to another patient (patient:{holder})")


def _name_visits(work: Work, visits: list[Record], visit_ids: dict[str, int]) -> None:
    """Let later files name these visits by this format's own ids."""
    names = {ledger.visit_id_key(r.source_id): r for r in visits if r.source_id is not None and r.key in visit_ids}
    known = ledger.find(work.session, names)
    entries = [
        Entry(work.source, name, "visit", visit_ids[record.key], record.key.split("|")[2])
        for name, record in names.items()
        if work.source not in known.get(name, {})
    ]
    ledger.add(work.session, entries)


def _row_of(person: Person, days: int, visit_ids: dict[str, int], catalogue: Catalogue) -> Any:
    def row_of(record: Record) -> dict[str, Any]:
        row = shift.shifted(record.values, days, prose="text" if record.kind == "note" else None)
        row["patient_id"] = person.row_id
        if record.kind != "allergy":
            row["visit_id"] = record.visit_row or visit_ids.get(record.visit_key or "")
        if record.assay is not None:
            row["assay_id"] = catalogue.assays[record.assay.code, record.assay.unit]
            row.update(_judged(record, person))
        return row

    return row_of


def _judged(record: Record, person: Person) -> dict[str, Any]:
    """The range that held when a value was measured, and how the value stands to it."""
    value, observed_on = record.values["value_number"], record.values["observed_at"].date()
    assay = record.assay
    usual = usual_for(assay.code, assay.unit, person.sex, person.birth_on, observed_on) if assay is not None else None
    if usual is None or value is None:
        return {"ref_low": None, "ref_high": None, "interpretation": None}
    return {"ref_low": usual.low, "ref_high": usual.high, "interpretation": interpret(value, usual)}
