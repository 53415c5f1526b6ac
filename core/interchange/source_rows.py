"""Source rows in one neutral shape, whatever format they came in, under keys that every format yields alike.

A key is built from what the row is about, never from a format's own id: CSV and FHIR name the same encounter by
different ids, but it is one patient's visit that starts at one second with one code.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any, NamedTuple

from core.interchange.summary import Place

KEY_CHARS_MAX = 200
# No source's id holds the first; the second keeps rows from being known in another format, as those of a server.
NAMED, BY_IDENTIFIER = "#", "@identifier"
_CANONICAL = json.JSONEncoder(default=str, ensure_ascii=False, sort_keys=True)


@dataclass(slots=True)
class Record:
    """One source row: checked, not yet shifted, its references still the source's.

    `natural` is what makes the row itself within its patient; rows that share it are told apart by the order of
    `rank`. `values` are columns. `patient` and `visit` are the source's ids; a row that names no visit that is known
    may be placed by `other_visit`, another format's id, or by `visit_at`, the second at which the visit starts.
    `clinic` and `practitioner` are source ids too; `assay` describes the assay of an observation, `judged` how the
    laboratory itself judged it. A format whose ids last gives `id_key`, which is then the row's key; `other_key` is
    the one under which another format may have brought the row. `visit_stamp` is when the visit starts, as in its key.
    `attached` are the paths of a note's files, each named by the hash of its content. `label` is why few may see
    it: its visit is kept apart.
    """

    kind: str
    place: Place
    natural: tuple[str, ...]
    values: dict[str, Any]
    patient: str = ""
    visit: str | None = None
    other_visit: str | None = None
    visit_at: datetime | None = None
    clinic: str | None = None
    practitioner: str | None = None
    assay: AssayText | None = None
    source_id: str | None = None
    rank: tuple[Any, ...] = ()
    id_key: str | None = None
    is_visit_optional: bool = False
    ends_known: bool = False
    judged: dict[str, Any] | None = None
    identifiers: tuple[tuple[str, str], ...] = ()
    key: str = ""
    other_key: str = ""
    visit_key: str | None = None
    visit_stamp: str = ""
    visit_row: int | None = None
    attached: tuple[str, ...] = ()
    label: str | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Hand over to another process plain values alone: a dictionary of them takes three times as long."""
        return Record, _values_of(self)

    def content_hash(self) -> str:
        """SHA-256 of what the source says, before any shift: lower-case hex."""
        parts: list[Any] = [self.kind, self.values, self.visit_stamp, self.clinic, self.practitioner]
        if self.id_key is not None:
            # The visit by its id: one that is moved in time rewrites none of its rows.
            parts[2] = self.visit if self.visit_key else None
            parts += [self.patient, self.judged, self.assay and (self.assay.system, self.assay.code)]
        return hashlib.sha256(_CANONICAL.encode(parts).encode()).hexdigest()


_values_of = attrgetter(*Record.__slots__)


class AssayText(NamedTuple):
    """An assay as a source describes it."""

    code: str
    name: str
    unit: str | None
    category: str
    system: str | None = None

    @property
    def key(self) -> tuple[str | None, str, str | None]:
        """What makes a test: a code of its system, and the unit."""
        return self.system, self.code, self.unit


@dataclass(frozen=True, slots=True)
class Retraction:
    """A resource that its source takes back; `id_key` is its key in the ledger, `source_id` its id with its source.

    `is_read` is false of one that was only named, by the resource that replaces it. `ends` is false of a version that
    was refused: what came before stays, and the refusal says so.
    """

    kind: str
    source_id: str
    id_key: str
    place: Place
    reason: str
    is_read: bool = True
    ends: bool = True


@dataclass(slots=True)
class Population:
    """All that one import has read, by kind, and the source ids that were refused (kind, id) with their places."""

    source: str
    records: dict[str, list[Record]] = field(default_factory=dict)
    refused: dict[tuple[str, str], Place] = field(default_factory=dict)
    retractions: list[Retraction] = field(default_factory=list)

    @property
    def size(self) -> int:
        """How many records there are."""
        return sum(map(len, self.records.values()))

    def everything(self) -> list[Record]:
        """All records, kind by kind."""
        return [record for records in self.records.values() for record in records]

    def add(self, record: Record) -> None:
        """Take a record in."""
        self.records.setdefault(record.kind, []).append(record)

    def source_ids(self, kind: str) -> set[str]:
        """The source's ids of one kind."""
        return {record.source_id for record in self.of(kind) if record.source_id is not None}

    def of(self, kind: str) -> list[Record]:
        """The records of one kind."""
        return self.records.get(kind, [])


def stamp(at: datetime | date | None) -> str:
    """A moment as it stands in keys: to the second in UTC, or the day."""
    if at is None:
        return ""
    # Twice as fast as strftime.
    if isinstance(at, datetime):
        return at.astimezone(UTC).isoformat(timespec="seconds")[:19].replace("-", "").replace(":", "")
    return at.isoformat().replace("-", "")


def assign_keys(records: Iterable[Record]) -> None:
    """Give each record its key; equals are numbered in the order of their rank."""
    groups: dict[tuple[str, str, tuple[str, ...]], list[Record]] = {}
    for record in records:
        groups.setdefault((record.patient, record.kind, record.natural), []).append(record)
    for (patient, kind, natural), equals in groups.items():
        if len(equals) > 1:
            equals.sort(key=lambda record: tuple(_sortable(part) for part in record.rank))
        stem = "|".join((patient, kind, *(part.replace("|", "%7C") for part in natural)))
        if len(stem) > KEY_CHARS_MAX - 8:
            stem = "|".join((patient, kind, hashlib.sha256(stem.encode()).hexdigest()))
        for ordinal, record in enumerate(equals):
            _give_key(record, f"{stem}|{ordinal}" if ordinal else stem)


def _give_key(record: Record, natural_key: str) -> None:
    if record.id_key is None:
        record.key = natural_key
        return
    record.key = short_key(record.id_key)
    # Only rows of people who are the same in every format can be known from another one.
    record.other_key = "" if "@" in record.patient or record.kind == "statement" else natural_key


def identifier_key(system: str, value: str) -> str:
    """The key under which a person is known by an identifier of any source."""
    return hashlib.sha256(f"{system}|{value}".encode()).hexdigest()


def person_named_by(system: str, value: str) -> str:
    """What stands for the source's id of a patient whom only earlier imports know, by this identifier."""
    return f"{NAMED}{identifier_key(system, value)}{BY_IDENTIFIER}"


def key_in(patient: str) -> str | None:
    """The identifier's key in what `person_named_by` gave; None of a source's id."""
    return patient.removeprefix(NAMED).removesuffix(BY_IDENTIFIER) if patient.startswith(NAMED) else None


def short_key(key: str) -> str:
    """A key as the ledger can hold it."""
    return key if len(key) <= KEY_CHARS_MAX else f"{key[:40]}|{hashlib.sha256(key.encode()).hexdigest()}"


def _sortable(part: Any) -> tuple[int, Any]:
    if part is None:
        return (3, 0)
    if isinstance(part, int | Decimal):
        return (0, part)
    return (1, part) if isinstance(part, str) else (2, part.isoformat())
