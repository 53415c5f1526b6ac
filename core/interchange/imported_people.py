"""The patients of an import, many at a time: who of them is known here, and who can't be kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.engines.functions import any_of
from core.interchange import ledger, shift
from core.interchange.ledger import Entry
from core.interchange.resolve import PatientRows
from core.interchange.source_rows import Record, identifier_key
from core.interchange.upsert import Work, upsert
from core.models import ImportedRow, Patient, Sex
from core.sealing import stored_national_id


@dataclass(frozen=True, slots=True)
class Person:
    """What the rows need to know of their patient; the birth day as the source gave it, not moved."""

    row_id: int
    sex: str
    birth_on: date | None


@dataclass(slots=True)
class People:
    """The patients of some batches by source id, and the batches that are refused, each with its reason."""

    kept: dict[str, Person] = field(default_factory=dict)
    refused: list[tuple[PatientRows, str]] = field(default_factory=list)


def save(work: Work, batches: Iterable[PatientRows], days: Mapping[str, int]) -> People:
    """Keep the patients of these batches, dates moved by the days of each."""
    found = People()
    here = PeopleHere(work, batches)
    accepted: list[Record] = []
    for batch in here.batches:
        moved = days[batch.source_id]
        reason = here.fault(batch, moved)
        if reason is not None:
            found.refused.append((batch, reason))
        elif batch.patient is not None:
            accepted.append(batch.patient)
        else:
            found.kept[batch.source_id] = here.known(batch.source_id, moved)
    found.kept |= _save(work, accepted, here.ids, days)
    return found


def _save(work: Work, records: list[Record], here: Mapping[str, int], days: Mapping[str, int]) -> dict[str, Person]:
    ids = upsert(work, "patient", records, lambda record: _row(record, days[record.patient]))
    ids = {record.patient: here.get(record.patient) or ids[record.key] for record in records}
    fresh = [name for name in ids if name not in here]
    ledger.add(
        work.session, [Entry(shift.SOURCE, name, "patient", ids[name], shift.encode(days[name])) for name in fresh]
    )
    _note_identifiers(work, records, ids, days)
    return {
        record.patient: Person(ids[record.patient], record.values["sex"], record.values["birth_on"])
        for record in records
    }


def _row(record: Record, days: int) -> dict[str, Any]:
    row = shift.shifted(record.values, days)
    number = row.pop("national_id")
    return {**row, **stored_national_id.columns(number)}


class PeopleHere:
    """What the primary knows of the patients of some batches, asked at once for all."""

    def __init__(self, work: Work, batches: Iterable[PatientRows]) -> None:
        self.batches = list(batches)
        self.ids = {
            batch.source_id: next(iter(entries.values())).row_id
            for batch in self.batches
            if (entries := work.known.get(ledger.patient_key(batch.source_id)))
        }
        self._rows = _rows(work.session, self.ids.values())
        numbers = {batch.patient.values["national_id"] for batch in self.batches if batch.patient is not None}
        self._holders: dict[str, str] = {
            number: f"patient:{row_id}"
            for number, row_id in stored_national_id.holders(work.session, numbers - {None}).items()
        }

    def known(self, source_id: str, days: int) -> Person:
        """A patient who came with an earlier import."""
        row_id = self.ids[source_id]
        _, birth_on, sex = self._rows[row_id]
        return Person(row_id, sex, birth_on and birth_on - timedelta(days=days))

    def fault(self, batch: PatientRows, days: int) -> str | None:
        """Why a batch can't be kept."""
        row_id = self.ids.get(batch.source_id)
        kept = self._rows.get(row_id) if row_id is not None else None
        if batch.patient is None:
            return None if kept is not None else f"there is no patient {batch.source_id}"
        if row_id is not None and kept is None:
            return f"patient:{row_id} was erased here at their request and is not imported again"
        values = shift.shifted(batch.patient.values, days)
        differing = _differing(kept, (values["name"], values["birth_on"], values["sex"])) if kept is not None else []
        if len(differing) > 1:
            told = " and ".join(filter(None, (", ".join(differing[:-1]), differing[-1])))
            return f"id {batch.source_id} belongs to another person here ({told} differ)"
        return self._number_fault(batch.source_id, values["national_id"], row_id)

    def _number_fault(self, source_id: str, number: str | None, row_id: int | None) -> str | None:
        if number is None:
            return None
        mine = f"patient:{row_id}" if row_id is not None else f"patient {source_id}"
        holder = self._holders.setdefault(number, mine)
        return None if holder == mine else f"its national id belongs to another patient ({holder})"


def _rows(session: Session, ids: Iterable[int]) -> dict[int, tuple[str, date | None, str]]:
    return {row_id: (name, birth_on, sex) for row_id, name, birth_on, sex in session.execute(details(ids))}


def details(ids: Iterable[int]) -> Select[int, str, date | None, str]:
    """Id, name, birth date and sex of these patients, however many."""
    return select(Patient.id, Patient.name, Patient.birth_on, Patient.sex).where(any_of(Patient.id, ids))


def _differing(kept: tuple[str, date | None, str], now: tuple[str, date | None, str]) -> list[str]:
    """What does not agree; what one side doesn't know can't differ."""
    unknown = (None, "", Sex.UNKNOWN.value)
    names = ("name", "birth date", "sex")
    pairs = zip(names, kept, now, strict=True)
    return [name for name, one, other in pairs if one != other and one not in unknown and other not in unknown]


def _note_identifiers(work: Work, records: Iterable[Record], ids: Mapping[str, int], days: Mapping[str, int]) -> None:
    """Offer people of other sources who have the same identifier as the same person; nothing is merged.

    An identifier that one patient alone has lets later imports name them: its entry holds their days.
    """
    pairs = {identifier_key(*pair): pair for record in records for pair in record.identifiers}
    known = ledger.holders(work.session, pairs)
    before = dict(known)
    for record in records:
        row_id, kept_days = ids[record.patient], shift.encode(days[record.patient])
        for key in sorted(identifier_key(*pair) for pair in record.identifiers):
            holder = known.get(key) or Entry(ImportedRow.IDENTIFIER, key, "patient", row_id, kept_days)
            known[key] = holder._replace(content_hash=holder.content_hash or kept_days)
            if holder.row_id != row_id:
                known[key] = holder._replace(content_hash=ledger.SHARED)
                system, value = pairs[key]
                told = f"patient:{holder.row_id} and patient:{row_id} both have {value} of {system}"
                work.summary.possible_same.append(told)
    _keep_identifiers(work.session, before, known)


def _keep_identifiers(session: Session, before: Mapping[str, Entry], now: Mapping[str, Entry]) -> None:
    ledger.add(session, [entry for key, entry in now.items() if key not in before])
    for key, entry in before.items():
        if now[key] != entry:
            ledger.change(session, entry, now[key].content_hash)
