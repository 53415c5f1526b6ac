"""References between source rows: ids given twice, patients and visits that are not there, the visit of a note."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.interchange.ledger import Entry, patient_key, visit_id_key
from core.interchange.source_rows import Population, Record, Retraction, assign_keys, key_in, stamp
from core.interchange.summary import Summary

CHILDREN = ("observation", "condition", "allergy", "prescription", "note", "statement")
OF_ANOTHER = "belongs to another patient"
NOT_ONE = (
    "it names its patient by an identifier that no patient of this import has, and of earlier ones not exactly one"
)
FOR_FEW = "it is labelled as for few ({}), and here only a visit with its rows is kept apart: send its Encounter"
Known = Mapping[str, Mapping[str, Entry]]


@dataclass(slots=True)
class PatientRows:
    """All accepted rows of one patient, visits first; `patient` is None if only the ledger knows the patient."""

    source_id: str
    patient: Record | None = None
    rows: list[Record] = field(default_factory=list)

    def all(self) -> list[Record]:
        """The patient's own record and the rows."""
        return [*([self.patient] if self.patient is not None else []), *self.rows]


def outside_keys(population: Population) -> set[str]:
    """Keys of patients and visits that earlier imports may have brought."""
    keys = set()
    for kind in ("patient", "visit", *CHILDREN):
        for record in population.of(kind):
            keys.add(patient_key(record.patient))
            own = record.source_id if kind == "visit" and record.id_key is None else None
            keys.update(visit_id_key(name) for name in (own, record.visit, record.other_visit) if name)
    return keys


def resolve(population: Population, summary: Summary, known: Known) -> list[PatientRows]:
    """Refuse what can't be placed, give every row its key, and group the rows by patient."""
    for kind in ("clinic", "practitioner", "patient", "visit", *CHILDREN):
        _drop_repeats(population, kind, summary)
    batches = {record.patient: PatientRows(record.patient, record) for record in population.of("patient")}
    patients = population.source_ids("patient")
    for kind in ("visit", *CHILDREN):
        accepted = [r for r in population.of(kind) if _has_patient(r, patients, population, summary, known)]
        population.records[kind] = accepted
    assign_keys([*population.of("clinic"), *population.of("practitioner"), *population.of("patient")])
    _keep_stamps(population, known)
    assign_keys(population.of("visit"))
    _place_in_visits(population, summary, known)
    for kind in CHILDREN:
        assign_keys(population.of(kind))
    for kind in ("visit", *CHILDREN):
        for record in population.of(kind):
            batches.setdefault(record.patient, PatientRows(record.patient)).rows.append(record)
    return list(batches.values())


def _keep_stamps(population: Population, known: Known) -> None:
    """A visit that its format knows by an id is the same at a corrected time: its key stays that of the first."""
    for visit in population.of("visit"):
        if visit.id_key is None and visit.source_id is not None:
            entry = known.get(visit_id_key(visit.source_id), {}).get(population.source)
            if entry is not None:
                visit.natural = (entry.content_hash, *visit.natural[1:])


def _drop_repeats(population: Population, kind: str, summary: Summary) -> None:
    first: dict[tuple[str, str], Record] = {}
    for record in population.of(kind):
        if record.source_id is None:
            continue
        before = first.setdefault((record.kind, record.source_id), record)
        if before is record:
            continue
        if _says_the_same(before, record):
            summary.of(kind).unchanged += 1
        else:
            reason = f"{kind} {record.source_id} was already at {before.place} with other content"
            summary.refuse(kind, record.place, reason)
    if not first:
        return
    kept = {id(record) for record in first.values()}
    population.records[kind] = [r for r in population.of(kind) if r.source_id is None or id(r) in kept]


def _says_the_same(one: Record, other: Record) -> bool:
    same_place = (one.patient, one.visit, one.natural) == (other.patient, other.visit, other.natural)
    return same_place and one.content_hash() == other.content_hash()


def _has_patient(record: Record, patients: set[str], population: Population, summary: Summary, known: Known) -> bool:
    refused = population.refused.get(("patient", record.patient))
    if record.patient in patients or (refused is None and patient_key(record.patient) in known):
        return True
    if refused is not None:
        reason = f"its patient {record.patient} was refused ({refused})"
    elif key_in(record.patient) is not None:
        reason = NOT_ONE
    else:
        reason = f"there is no patient {record.patient}"
    _refuse(population, record, summary, reason)
    return False


def _place_in_visits(population: Population, summary: Summary, known: Known) -> None:
    visits = {record.source_id: record for record in population.of("visit") if record.source_id}
    placed = NotePlaces(population)

    def is_placed(record: Record) -> bool:
        reason = _place(record, visits, population, known, placed)
        if record.label is not None and record.visit_key is None:
            _refuse_labelled(population, record, summary)
            return False
        if reason is not None and record.is_visit_optional and not reason.endswith(OF_ANOTHER):
            summary.without_visit += 1
        elif reason is not None:
            summary.refuse(record.kind, record.place, reason)
            return False
        if record.kind == "prescription":
            record.natural = (*record.natural, record.visit_stamp)
        return True

    for kind in CHILDREN:
        population.records[kind] = [record for record in population.of(kind) if is_placed(record)]


def _place(
    record: Record, visits: dict[str, Record], population: Population, known: Known, placed: NotePlaces
) -> str | None:
    """Find the record's visit; gives the reason if it names one that can't be had."""
    for name in (record.visit, record.other_visit):
        if name is None:
            continue
        visit = visits.get(name)
        if visit is not None:
            if visit.patient != record.patient:
                return f"its visit {name} {OF_ANOTHER}"
            record.visit_key, record.visit_stamp = visit.key, visit.natural[0]
            return None
        for entry in known.get(visit_id_key(name), {}).values():
            record.visit_row, record.visit_key = entry.row_id, f"{record.patient}|visit|{entry.content_hash}"
            record.visit_stamp = entry.content_hash
            return None
    if record.visit is not None:
        refused = population.refused.get(("visit", record.visit))
        if refused is not None:
            return f"its visit {record.visit} was refused ({refused})"
        return f"there is no visit {record.visit}"
    if record.visit_at is not None:
        at_that_second = placed.take(record)
        if at_that_second is not None:
            record.visit_key, record.visit_stamp = at_that_second.key, at_that_second.natural[0]
    return None


def _refuse_labelled(population: Population, record: Record, summary: Summary) -> None:
    """What is for few can't stand without a visit; nor may an earlier version stay that was not labelled."""
    reason = FOR_FEW.format(record.label)
    summary.refuse(record.kind, record.place, reason)
    stem = (record.id_key or "").partition("#")[0]
    population.retractions.append(Retraction(record.kind, stem, stem, record.place, reason, is_read=False))


class NotePlaces:
    """Visits that begin at the second a note was written, for notes that name none: each in turn, as filed."""

    def __init__(self, population: Population) -> None:
        named = {record.visit for record in population.of("note")}
        self._free: dict[tuple[str, str], list[Record]] = {}
        self._all: dict[tuple[str, str], Record] = {}
        for visit in population.of("visit"):
            at = (visit.patient, stamp(visit.values["started_at"]))
            self._all.setdefault(at, visit)
            if visit.source_id not in named:
                self._free.setdefault(at, []).append(visit)

    def take(self, note: Record) -> Record | None:
        """The next visit of that second without a note, else any, else None."""
        at = (note.patient, stamp(note.visit_at))
        free = self._free.get(at)
        return free.pop(0) if free else self._all.get(at)


def _refuse(population: Population, record: Record, summary: Summary, reason: str) -> None:
    summary.refuse(record.kind, record.place, reason)
    if record.source_id is not None:
        population.refused.setdefault((record.kind, record.source_id), record.place)
