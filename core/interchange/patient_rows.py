"""One patient's rows into the primary, all in the caller's transaction."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.interchange import ledger, shift
from core.interchange.catalogue import Catalogue
from core.interchange.flags import flag_of
from core.interchange.ledger import Entry
from core.interchange.resolve import CHILDREN, PatientRows
from core.interchange.source_rows import Record
from core.interchange.upsert import Work, upsert
from core.interchange.usual_ranges import usual_for
from core.models import ImportedRow, Patient, Sex
from core.picture import upkeep as picture
from core.queries.reference_ranges import UsualRange, interpret
from core.sealing import stored_national_id

BEYOND = re.compile(r"([<>]=?) (-?\d+(?:\.\d+)?)")


class PatientRefused(Exception):
    """The patient can't be kept, and so none of the rows; the message says why."""


@dataclass(frozen=True, slots=True)
class Person:
    """What the rows need to know of their patient; the birth day as the source gave it, not moved."""

    row_id: int
    sex: str
    birth_on: date | None


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
        upsert(work, kind, records, _row_of(work, person, days, visit_ids, catalogue))
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
        born = existing.birth_on and existing.birth_on - timedelta(days=days)
        return Person(existing.id, existing.sex, born)
    _check_identity(work.session, batch.patient, row_id, days)
    ids = upsert(work, "patient", [batch.patient], lambda record: _person(record, days))
    if row_id is None:
        row_id = ids[batch.patient.key]
        ledger.add(work.session, [Entry(shift.SOURCE, batch.source_id, "patient", row_id, shift.encode(days))])
    _note_identifiers(work, batch.patient, row_id)
    return Person(row_id, batch.patient.values["sex"], batch.patient.values["birth_on"])


def _person(record: Record, days: int) -> dict[str, Any]:
    row = shift.shifted(record.values, days)
    number = row.pop("national_id")
    return {**row, **stored_national_id.columns(number)}


def _check_identity(session: Session, record: Record, row_id: int | None, days: int) -> None:
    values = shift.shifted(record.values, days)
    if row_id is not None:
        query = select(Patient.name, Patient.birth_on, Patient.sex).where(Patient.id == row_id)
        kept = session.execute(query).first()
        if kept is None:
            raise PatientRefused(f"patient:{row_id} was erased here at their request and is not imported again")
        differing = _differing((kept[0], kept[1], kept[2]), (values["name"], values["birth_on"], values["sex"]))
        if len(differing) > 1:
            told = " and ".join(filter(None, (", ".join(differing[:-1]), differing[-1])))
            raise PatientRefused(f"id {record.patient} belongs to another person here ({told} differ)")
    if values["national_id"] is not None:
        holder = session.scalar(select(Patient.id).where(stored_national_id.held(values["national_id"])))
        if holder is not None and holder != row_id:
            raise PatientRefused(f"its national id belongs to another patient (patient:{holder})")


def _differing(kept: tuple[str, date | None, str], now: tuple[str, date | None, str]) -> list[str]:
    """What does not agree; what one side doesn't know can't differ."""
    unknown = (None, "", Sex.UNKNOWN.value)
    names = ("name", "birth date", "sex")
    pairs = zip(names, kept, now, strict=True)
    return [name for name, one, other in pairs if one != other and one not in unknown and other not in unknown]


def _note_identifiers(work: Work, record: Record, row_id: int) -> None:
    """Offer people of other sources who have the same identifier as the same person; nothing is merged."""
    keys = {ledger.identifier_key(*pair): pair for pair in record.identifiers}
    known = ledger.holders(work.session, keys)
    for key, holder in sorted(known.items()):
        if holder != row_id:
            system, value = keys[key]
            work.summary.possible_same.append(f"patient:{holder} and patient:{row_id} both have {value} of {system}")
    fresh = [Entry(ImportedRow.IDENTIFIER, key, "patient", row_id, "") for key in sorted(keys) if key not in known]
    ledger.add(work.session, fresh)


def _name_visits(work: Work, visits: list[Record], visit_ids: dict[str, int]) -> None:
    """Let later files name these visits by this format's own ids."""
    names = {ledger.visit_id_key(r.source_id): r for r in visits if r.source_id is not None and r.key in visit_ids}
    known = ledger.find(work.session, names)
    fresh = []
    for name, record in names.items():
        mine, stamp = known.get(name, {}).get(work.source), record.natural[0]
        if mine is None:
            fresh.append(Entry(work.source, name, "visit", visit_ids[record.key], stamp))
        elif (mine.row_id, mine.content_hash) != (visit_ids[record.key], stamp):
            ledger.replace(work.session, mine, visit_ids[record.key], stamp, "visit")
    ledger.add(work.session, fresh)


def _day(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value


def _row_of(work: Work, person: Person, days: int, visit_ids: dict[str, int], catalogue: Catalogue) -> Any:
    doubts, today = work.summary.doubts, datetime.now(UTC).date() + timedelta(days=1)

    def row_of(record: Record) -> dict[str, Any]:
        row = shift.shifted(record.values, days, prose="text" if record.kind == "note" else None)
        row["patient_id"] = person.row_id
        if record.kind != "allergy":
            row["visit_id"] = record.visit_row or visit_ids.get(record.visit_key or "")
        if record.assay is not None:
            row["assay_id"] = catalogue.assays[record.assay.key]
            row.update(_judged(record, person))
            if record.values["value_number"] is not None and row["ref_low"] is None and row["ref_high"] is None:
                doubts["values of tests whose usual range nobody told"] += 1
        if any(isinstance(value, date) and _day(value) > today for value in record.values.values()):
            doubts["rows with a date in the future"] += 1
        return row

    return row_of


def _judged(record: Record, person: Person) -> dict[str, Any]:
    """The range that held when a value was measured, and how the value stands to it: the laboratory's own, or ours."""
    if record.judged is not None:
        return record.judged
    value, observed_on = record.values["value_number"], record.values["observed_at"].date()
    usual, bound = _usual(record, person, observed_on), _bound(record.values["value_text"])
    if usual is None or (value is None and bound is None):
        return {"ref_low": None, "ref_high": None, "interpretation": None}
    flag = interpret(value, usual) if bound is None else flag_of(*bound, usual)
    return {"ref_low": usual.low, "ref_high": usual.high, "interpretation": flag}


def _usual(record: Record, person: Person, day: date) -> UsualRange | None:
    assay = record.assay
    if assay is None or assay.system is not None or person.birth_on is None:
        return None
    return usual_for(assay.code, assay.unit, person.sex, person.birth_on, day)


def _bound(words: str | None) -> tuple[str, Decimal] | None:
    """A value that is only known to lie beyond a number."""
    found = BEYOND.fullmatch(words or "")
    return (found[1], Decimal(found[2])) if found else None
