"""The rows of some patients into the primary, all in the caller's transaction."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from core.archiving import late_roots
from core.interchange import components, imported_people, ledger, moved_results, retract, shift
from core.interchange.catalogue import Catalogue
from core.interchange.doubts import doubts_of
from core.interchange.flags import flag_of
from core.interchange.imported_people import Person
from core.interchange.ledger import Entry
from core.interchange.resolve import CHILDREN, PatientRows
from core.interchange.source_rows import Record
from core.interchange.upsert import RowOf, Work, upsert
from core.interchange.usual_ranges import usual_for
from core.models.record_types import VISIT
from core.picture import upkeep as picture
from core.queries.reference_ranges import UsualRange, interpret
from core.services import plausibility, sensitive_visits

BEYOND = re.compile(r"([<>]=?) (-?\d+(?:\.\d+)?)")

Refused = list[tuple[PatientRows, str]]


def save(work: Work, batches: Sequence[PatientRows], days: Mapping[str, int], catalogue: Catalogue) -> Refused:
    """Keep patients and their rows, dates moved by the days of each; gives the batches that can't be kept, and why."""
    found = imported_people.save(work, batches, days)
    of_kind = _by_kind(record for batch in batches if batch.source_id in found.kept for record in batch.rows)
    # Rows lie in the tables by time, so that a move of old visits to an archive touches few pages.
    visits = sorted(of_kind.get("visit", ()), key=lambda visit: _started_at(visit, days))
    written: list[Record] = []
    visit_ids = upsert(work, "visit", visits, _visit_row_of(found.kept, days, catalogue, written))
    _note_labelled(work, written, visit_ids, found.kept)
    name_visits(work, visits, visit_ids)
    row_of = _row_of(work, found.kept, days, visit_ids, catalogue)
    measured = _of_known_people(work, of_kind.get("observation", ()), found.kept)
    components.settle(work, measured, catalogue)
    moved_results.tell(work, measured, visit_ids, catalogue)
    for kind in CHILDREN:
        by_visit = sorted(of_kind.get(kind, ()), key=lambda record: _visit_id(record, visit_ids) or 0)
        upsert(work, kind, by_visit, row_of)
    retract.end_missing_parts(work.session, work.source, measured, work.summary)
    _note_files(work, of_kind.get("note", ()), found.kept)
    late_roots.mark_if_gone(work.session, VISIT, work.visits)
    for visit_id, (patient_id, category) in work.apart.items():
        sensitive_visits.keep_as_labelled(work.session, patient_id=patient_id, visit_id=visit_id, category=category)
    _keep_pictures(work)
    return found.refused


def _by_kind(records: Iterable[Record]) -> dict[str, list[Record]]:
    of_kind: dict[str, list[Record]] = {}
    for record in records:
        of_kind.setdefault(record.kind, []).append(record)
    return of_kind


def _note_labelled(
    work: Work, visits: Iterable[Record], visit_ids: Mapping[str, int], persons: Mapping[str, Person]
) -> None:
    for visit in visits:
        if visit.label is not None and visit.key in visit_ids:
            work.apart[visit_ids[visit.key]] = (persons[visit.patient].row_id, visit.label)


def _note_files(work: Work, notes: Iterable[Record], persons: Mapping[str, Person]) -> None:
    for note in notes:
        if note.attached:
            work.attached.setdefault(persons[note.patient].row_id, []).extend(map(Path, note.attached))


def _of_known_people(work: Work, records: Sequence[Record], persons: Mapping[str, Person]) -> list[Record]:
    newcomers = set(work.newcomers)
    return [record for record in records if persons[record.patient].row_id not in newcomers]


def _started_at(visit: Record, days: Mapping[str, int]) -> datetime:
    started_at: datetime = visit.values["started_at"]
    return started_at + timedelta(days=days[visit.patient])


def _visit_id(record: Record, visit_ids: Mapping[str, int]) -> int | None:
    return record.visit_row or visit_ids.get(record.visit_key or "")


def _keep_pictures(work: Work) -> None:
    if work.newcomers:
        picture.begin(work.session, work.newcomers)
    newcomers = set(work.newcomers)
    for patient_id in sorted({patient_id for patient_id, _ in work.apart.values()} - newcomers):
        picture.refresh_all(work.session, patient_id)
    for patient_id, measured in sorted(work.measured.items()):
        if patient_id not in newcomers:
            picture.refresh(work.session, patient_id, observation_ids=measured)


def _visit_row_of(
    persons: Mapping[str, Person], days: Mapping[str, int], catalogue: Catalogue, written: list[Record]
) -> RowOf:
    def visit_row(record: Record) -> dict[str, Any]:
        written.append(record)
        return {
            **shift.shifted(record.values, days[record.patient]),
            "patient_id": persons[record.patient].row_id,
            "clinic_id": catalogue.clinics.get(record.clinic or ""),
            "practitioner_id": catalogue.practitioners.get(record.practitioner or ""),
        }

    return visit_row


def name_visits(work: Work, visits: list[Record], visit_ids: dict[str, int]) -> None:
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


def _row_of(
    work: Work, persons: Mapping[str, Person], days: Mapping[str, int], visit_ids: dict[str, int], catalogue: Catalogue
) -> RowOf:
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)

    def row_of(record: Record) -> dict[str, Any]:
        person = persons[record.patient]
        row = shift.shifted(record.values, days[record.patient], prose="text" if record.kind == "note" else None)
        row["patient_id"] = person.row_id
        if record.kind != "allergy":
            row["visit_id"] = _visit_id(record, visit_ids)
            if record.label is not None and row["visit_id"] is not None:
                work.apart.setdefault(row["visit_id"], (person.row_id, record.label))
        if record.assay is not None:
            row["assay_id"] = catalogue.assays[record.assay.key]
            row.update(_judged(record, person))
            row.update(plausibility.marked(record.assay.code if record.assay.system is None else "", row))
        for words, example in doubts_of(record, row, tomorrow):
            work.summary.doubt(words, example)
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
