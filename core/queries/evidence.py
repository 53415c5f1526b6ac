"""The rows that a report is drafted from: one patient's recent and current rows, hot and archived, from the replica."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, Select, Table, select
from sqlalchemy.orm import Session

from core.engines.functions import any_of
from core.models import CAUTIONS, Assay, ConditionStatus, Holding, PrescriptionStatus
from core.models.hashed_columns import newest_version
from core.models.record_types import VISIT
from core.picture.values import ABNORMAL
from core.queries.hidden_visits import is_visible, kept_apart
from core.queries.medicine_changes import changed_from, notes_about
from core.queries.newest import newest
from core.queries.patients import NoSuchPatient
from core.sources import fields as source_fields
from core.sources import references
from core.stores import archived, counted, replica_reads
from core.stores.databases import Store
from core.stores.page_zone import page_zone
from core.stores.tables import cold_columns, hot_table, linked_table, named


@dataclass(frozen=True)
class Limits:
    """How many rows of each kind are evidence.

    Rows that matter for safety are never left out: a record with more than `safety` of a kind is refused.
    """

    total: int = 72
    results_min: int = 36
    values_per_assay: int = 3
    visits: int = 6
    notes: int = 3
    notes_of_changes: int = 3
    resolved_conditions: int = 4
    stopped_medicines: int = 4
    safety: int = 100


LIMITS = Limits()
# Answers to questions are no results, whatever their category: one question asks for the patient's address.
NOT_RESULTS = ("survey", "social-history", "other")
SMOKING_STATUS = "72166-2"
# Of height, weight and pain the newest tells enough.
NEWEST_ONLY = frozenset({"8302-2", "29463-7", "72514-3"})
# How far back a change of a medicine, and the notes that speak of it, are looked for.
STOPPED_LOOKED_AT, NOTES_LOOKED_AT = 40, 30


class TooMuch(Exception):
    """The record holds more current rows than a summary can carry; the message says which."""


@dataclass(frozen=True)
class Gathered:
    """The evidence, and what the limits left out, in words: `3 tests`, `older visits`."""

    rows: tuple[EvidenceRow, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class EvidenceRow:
    """A source row as supplied: `ref` reads `observation:12`, `store` is `replica` or the archive server's name."""

    ref: str
    type: str
    patient_id: int
    store: str
    content_hash: str
    hash_version: int
    fields: dict[str, Any]


Found = tuple[str, RowMapping]


def collect(patient_id: int, limits: Limits = LIMITS) -> tuple[EvidenceRow, ...]:
    """The evidence for a patient's report, the patient's row first. No row of a hidden visit is among it.

    Raises NoSuchPatient, TooMuch, ReplicaBehind when the replica does not catch up, and ColdUnavailable when an
    archive that holds rows of this patient is silent: part of the evidence must not look like all of it.
    """
    with replica_reads.read() as session:
        return gather(session, patient_id, limits)


def gather(session: Session, patient_id: int, limits: Limits = LIMITS) -> tuple[EvidenceRow, ...]:
    """The same from the store that a session reads. Raises NoSuchPatient, TooMuch, ColdUnavailable."""
    return gather_counted(session, patient_id, limits).rows


def gather_counted(session: Session, patient_id: int, limits: Limits = LIMITS) -> Gathered:
    """The same with what the limits left out. Raises NoSuchPatient, TooMuch, ColdUnavailable."""
    record = _Record(session, patient_id)
    current = _current(record, limits)
    recent, older = _recent(record, limits, [row for table, (_, row) in current if table == "prescription"])
    chosen = current + recent
    room = max(limits.results_min, limits.total - len(chosen))
    results, tests_left = _results(record, limits.values_per_assay, room)
    rows = tuple(_row(table, *found) for table, found in chosen) + tuple(
        _row("observation", store, values, assay) for (store, values), assay in results
    )
    return Gathered(rows, (*([plural(tests_left)] if tests_left else []), *older))


def plural(tests: int) -> str:
    """How many tests, in words."""
    return "1 test" if tests == 1 else f"{tests} tests"


class _Record:
    """One patient's rows in one snapshot of the replica, and the rows that the archive owned in that snapshot."""

    def __init__(self, session: Session, patient_id: int) -> None:
        self.session, self.patient_id = session, patient_id
        self._window = archived.window(session, VISIT.name)
        self._hidden_visits = kept_apart(session, patient_id)
        self._errors = counted.entered_in_error(session, [patient_id])
        self._has_cold = session.get(Holding, (patient_id, VISIT.name)) is not None

    def hot(self, name: str, *conditions: Any) -> list[Found]:
        table = hot_table(name)
        owner = table.c.id if name == "patient" else table.c.patient_id
        is_shown, counting = is_visible(table, self._hidden_visits), self._errors.counts(table)
        query = select(table).where(owner == self.patient_id, is_shown, counting, *conditions).order_by(table.c.id)
        return [(Store.REPLICA.value, row) for row in self.session.execute(query).mappings()]

    def newest(self, name: str, time_column: str, count: int, **only: str) -> list[Found]:
        """The newest rows of a table that archives hold too."""

        def build(table: Table, columns: Select[Any]) -> Select[Any]:
            query = columns.where(table.c.patient_id == self.patient_id, self._errors.counts(table))
            query = query.where(is_visible(table, self._hidden_visits))
            for column, value in only.items():
                query = query.where(table.c[column] != value)
            newest_first = table.c[time_column].desc().nulls_last()
            return query.order_by(newest_first, table.c.id.desc()).limit(count)

        hot = hot_table(name)
        found = self._both(name, build(hot, select(hot)), build)
        found.sort(key=lambda item: (item[1][time_column] is not None, item[1][time_column], item[1]["id"]))
        return found[::-1][:count]

    def last_values(self, per_assay: int) -> list[Found]:
        """The last values of each assay, archived ones included: the picture says which, their tiers what they say."""
        picture = newest(self.session, self.patient_id, hidden_visits=self._hidden_visits, ask_archive=True)
        results = (item for item in picture.assays if _is_result(item.assay))
        ids = {value.id for item in results for value in item.latest[:per_assay]}
        hot = hot_table("observation")
        query = select(hot).where(hot.c.patient_id == self.patient_id, any_of(hot.c.id, ids - picture.archived_ids))
        found = self._of_store(Store.REPLICA, self.session.execute(query).mappings())
        moved = sorted(ids & picture.archived_ids)
        if moved:
            table = linked_table("observation")
            owned = cold_columns(table).where(archived.visible(table, self._window))
            mine = owned.where(table.c.patient_id == self.patient_id, table.c.id.in_(moved))
            found = self._merge(found, archived.fetch(VISIT.name, mine))
        return found

    def _both(self, name: str, hot_query: Select[Any], build: Any) -> list[Found]:
        found = self._of_store(Store.REPLICA, self.session.execute(hot_query).mappings())
        if not self._has_cold:
            return found
        table = linked_table(name)
        query = build(table, cold_columns(table).where(archived.visible(table, self._window)))
        return self._merge(found, archived.fetch(VISIT.name, query))

    def _merge(self, hot: list[Found], cold: Sequence[RowMapping]) -> list[Found]:
        return archived.merge(hot, self._of_store(VISIT.server, cold), key=lambda item: item[1]["id"])

    @staticmethod
    def _of_store(store: str, found: Iterable[RowMapping]) -> list[Found]:
        return [(str(store), row) for row in found]


def _is_result(assay: Assay) -> bool:
    if assay.code == SMOKING_STATUS:
        return True
    return assay.category not in NOT_RESULTS and not assay.name.endswith("?")


def _current(record: _Record, limits: Limits) -> list[tuple[str, Found]]:
    """What a summary must not lack: the person, allergies, active problems, current medicines, and cautions."""
    person = record.hot("patient")
    if not person:
        raise NoSuchPatient(record.patient_id)
    conditions, prescriptions = hot_table("condition"), hot_table("prescription")
    statements = hot_table("statement")
    kinds = {
        "allergy": record.hot("allergy"),
        "condition": record.hot("condition", conditions.c.status == ConditionStatus.ACTIVE),
        "prescription": record.hot("prescription", prescriptions.c.status == PrescriptionStatus.ACTIVE),
        "statement": record.hot("statement", statements.c.kind.in_(CAUTIONS)),
    }
    for table, found in kinds.items():
        if len(found) > limits.safety:
            raise TooMuch(f"{len(found)} current rows of kind {table}: a summary takes at most {limits.safety}")
    return [("patient", person[0])] + [(table, row) for table, found in kinds.items() for row in found]


def _recent(record: _Record, limits: Limits, taken: Sequence[RowMapping]) -> tuple[list[tuple[str, Found]], list[str]]:
    """The newest of what is over, and what was left out. What a medicine was changed from is always there."""
    resolved = record.newest("condition", "resolved_on", limits.resolved_conditions + 1, status=ConditionStatus.ACTIVE)
    stopped = record.newest("prescription", "stopped_on", STOPPED_LOOKED_AT, status=PrescriptionStatus.ACTIVE)
    visits = record.newest("visit", "started_at", limits.visits + 1)
    notes = record.newest("note", "written_at", NOTES_LOOKED_AT)
    changed = changed_from(stopped, taken)
    chosen = {
        "condition": (resolved, resolved[: limits.resolved_conditions]),
        "prescription": (stopped, _with(stopped[: limits.stopped_medicines], changed)),
        "visit": (visits, visits[: limits.visits]),
        "note": (notes, _with(notes[: limits.notes], notes_about(notes, changed)[: limits.notes_of_changes])),
    }
    older = [OLDER[table] for table, (known, kept) in chosen.items() if len(kept) < len(known)]
    return [(table, row) for table, (_, kept) in chosen.items() for row in kept], older


OLDER = {
    "condition": "older resolved conditions", "prescription": "older stopped medicines", "visit": "older visits",
    "note": "older notes",
}  # fmt: skip


def _with(newest_ones: list[Found], others: Iterable[Found]) -> list[Found]:
    known = {found[1]["id"] for found in newest_ones}
    return newest_ones + [found for found in others if found[1]["id"] not in known]


def _results(record: _Record, per_assay: int, room: int) -> tuple[list[tuple[Found, RowMapping]], int]:
    """The newest value of each assay, those out of range first; then what came before it, while there is room.

    Also how many tests are left out whole.
    """
    by_assay = _by_assay(record.last_values(per_assay))
    assays = _assays(record.session, by_assay)
    kept = ((1 if assays[n]["code"] in NEWEST_ONLY else per_assay, history) for n, history in by_assay.items())
    chosen = _that_fit(sorted((history[:most] for most, history in kept), key=_urgency), room)
    tests_left = len(by_assay) - len({found[1]["assay_id"] for found in chosen})
    return [(found, assays[found[1]["assay_id"]]) for found in chosen], tests_left


def _that_fit(histories: Sequence[list[Found]], room: int) -> list[Found]:
    """The newest value of each history first, then earlier ones while there is room; in the order of the histories."""
    newest_first = [history[:1] for history in histories] + [history[1:] for history in histories]
    chosen = {found[1]["id"] for found in [found for part in newest_first for found in part][:room]}
    return [found for history in histories for found in history if found[1]["id"] in chosen]


def _assays(session: Session, ids: Collection[int]) -> dict[int, RowMapping]:
    table = hot_table("assay")
    query = select(table).where(table.c.id.in_(ids))
    return {assay["id"]: assay for assay in session.execute(query).mappings()}


def _by_assay(values: Iterable[Found]) -> dict[int, list[Found]]:
    """The values of each assay, the newest first."""
    by_assay: dict[int, list[Found]] = {}
    for found in sorted(values, key=lambda item: item[1]["observed_at"], reverse=True):
        by_assay.setdefault(found[1]["assay_id"], []).append(found)
    return by_assay


def _urgency(history: list[Found]) -> tuple[bool, float]:
    _, latest = history[0]
    return latest["interpretation"] not in ABNORMAL, -latest["observed_at"].timestamp()


def _row(table: str, store: str, row: RowMapping, assay: RowMapping | None = None) -> EvidenceRow:
    values, version = named(row), newest_version(table)
    return EvidenceRow(
        ref=references.row_ref(table, values["id"]),
        type=table,
        patient_id=values["id"] if table == "patient" else values["patient_id"],
        store=store,
        content_hash=references.content_hash(table, values, version),
        hash_version=version,
        fields=source_fields.fields(table, values, named(assay) if assay is not None else None, zone=page_zone()),
    )
