"""What was corrected in a record: for staff with the old versions, for reports and patients that it was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from core.engines import kept_json
from core.models import Assay, Correction, CorrectionKind
from core.queries.hidden_visits import NO_VISITS, VisitIds
from core.sources import find
from core.sources.references import parse_ref, row_ref
from core.stores.archived import ColdUnavailable
from core.stores.counted import entered_in_error
from core.stores.prepared import PATIENT, rows

# What the patients' portal may read of a correction.
PUBLIC = (
    Correction.id, Correction.patient_id, Correction.visit_id, Correction.row_type, Correction.row_id, Correction.kind,
    Correction.in_force, Correction.replaced_by_id, Correction.at,
)  # fmt: skip
CHANGES = (CorrectionKind.EDIT, CorrectionKind.ERROR)


@dataclass(frozen=True)
class CorrectionLine:
    """One correction; `before` is what an edit replaced, by column. Nobody is `by_name` if another system did it.

    `replaced_by` is the row that was written in place of this one.
    """

    kind: str
    before: Mapping[str, str | None]
    reason: str
    by_name: str | None
    at: datetime
    in_force: bool
    note_id: int | None
    replaced_by: str | None


@dataclass(frozen=True)
class Corrections:
    """Corrections by the row that they are of, oldest first."""

    by_ref: Mapping[str, tuple[CorrectionLine, ...]]

    def of(self, table: str, row_id: int) -> tuple[CorrectionLine, ...]:
        """Those of one row."""
        return self.by_ref.get(row_ref(table, row_id), ())

    def error(self, table: str, row_id: int) -> CorrectionLine | None:
        """Why the row counts no longer, or None if it does."""
        return next((line for line in self.of(table, row_id) if line.in_force), None)

    def is_edited(self, table: str, row_id: int) -> bool:
        return any(line.kind == CorrectionKind.EDIT for line in self.of(table, row_id))

    def adds_to(self, note_id: int) -> str | None:
        """The row that a note is an addendum to."""
        return next((ref for ref, lines in self.by_ref.items() if any(line.note_id == note_id for line in lines)), None)

    def replaces(self, table: str, row_id: int) -> str | None:
        """The row in whose place this one was written."""
        mine = row_ref(table, row_id)
        return next(
            (ref for ref, lines in self.by_ref.items() if any(line.replaced_by == mine for line in lines)), None
        )


@dataclass(frozen=True)
class Marks:
    """Which rows of a record were edited, and which count no longer, by reference: what both portals may read."""

    edited: frozenset[str]
    errors: frozenset[str]

    def is_edited(self, table: str, row_id: int) -> bool:
        return row_ref(table, row_id) in self.edited

    def is_error(self, table: str, row_id: int, visit_id: int | None) -> bool:
        """Whether the row, or its visit, was entered in error."""
        return row_ref(table, row_id) in self.errors or (
            visit_id is not None and row_ref("visit", visit_id) in self.errors
        )


@dataclass(frozen=True)
class Corrected:
    """A row that was corrected, as patients are told: when, and whether it was taken out."""

    kind: str
    at: datetime
    is_out: bool


def of_visit(session: Session, patient_id: int, visit_id: int) -> Corrections:
    """All corrections of a visit and of what was written at it."""
    return _found(session, Correction.patient_id == patient_id, Correction.visit_id == visit_id)


def of_patient(session: Session, patient_id: int) -> Corrections:
    """All corrections of a record."""
    return _found(session, Correction.patient_id == patient_id)


def marks(session: Session, patient_id: int) -> Marks:
    """Which rows of a record are not as they were written."""
    found = rows(session, of_patient_query(), patient=patient_id)
    return Marks(
        frozenset(row_ref(row.row_type, row.row_id) for row in found if row.kind == CorrectionKind.EDIT),
        frozenset(row_ref(row.row_type, row.row_id) for row in found if row.in_force),
    )


def _found(session: Session, *conditions: ColumnElement[bool]) -> Corrections:
    by_ref: dict[str, list[CorrectionLine]] = defaultdict(list)
    for row in session.scalars(select(Correction).where(*conditions).order_by(Correction.id)):
        before = kept_json.read_object(row.before)
        anew = row_ref(row.row_type, row.replaced_by_id) if row.replaced_by_id is not None else None
        line = CorrectionLine(row.kind, before, row.reason, row.by_name, row.at, row.in_force, row.note_id, anew)
        by_ref[row_ref(row.row_type, row.row_id)].append(line)
    return Corrections({ref: tuple(lines) for ref, lines in by_ref.items()})


def told(
    session: Session, patient_id: int, *, visit_id: int | None = None, hidden_visits: VisitIds = NO_VISITS
) -> tuple[Corrected, ...]:
    """What a patient is told of corrections, at one visit or in all: each row once, as it is now, the newest first."""
    found: dict[tuple[str, int], Corrected] = {}
    for row in rows(session, of_patient_query(), patient=patient_id):
        if row.visit_id in hidden_visits or row.kind not in CHANGES or visit_id not in (None, row.visit_id):
            continue
        if row.kind == CorrectionKind.EDIT or row.in_force:
            found[row.row_type, row.row_id] = _told(row)
    return tuple(sorted(found.values(), key=lambda one: one.at, reverse=True))


@cache
def of_patient_query() -> Select[*tuple[Any, ...]]:
    """What patients may read of the corrections of a record, the oldest first."""
    return select(*PUBLIC).where(Correction.patient_id == PATIENT).order_by(Correction.id)


def _told(row: Any) -> Corrected:
    """Of a row that was written anew, that it was corrected."""
    return Corrected(row.row_type, row.at, is_out=row.in_force and row.replaced_by_id is None)


def since(session: Session, patient_id: int, refs: Collection[str], at: datetime) -> dict[str, Corrected]:
    """Those of these rows that were changed, or taken out, after an instant, and are so still.

    An archive is asked only where a whole visit was taken out; while it is silent, its rows are not told of.
    """
    query = select(*PUBLIC).where(Correction.patient_id == patient_id, Correction.at > at).order_by(Correction.id)
    found: dict[str, Corrected] = {}
    visits: dict[int, Corrected] = {}
    for row in session.execute(query):
        if row.kind == CorrectionKind.EDIT or row.in_force:
            one = _told(row)
            found[row_ref(row.row_type, row.row_id)] = one
            if row.row_type == "visit" and row.in_force:
                visits[row.row_id] = one
    if visits:
        at_visits = _visits_of(session, refs)
        found |= {ref: visits[visit_id] for ref, visit_id in at_visits.items() if visit_id in visits}
    return _those_of(found, refs)


def _those_of(found: Mapping[str, Corrected], refs: Collection[str]) -> dict[str, Corrected]:
    return {ref: one for ref, one in found.items() if ref in refs}


def _visits_of(session: Session, refs: Collection[str]) -> dict[str, int | None]:
    wanted = {ref for ref in refs if ref.partition(":")[0] in find.ARCHIVED_TABLES}
    sources = find.hot_rows(session, wanted, with_errors=True)
    with suppress(ColdUnavailable):
        sources |= find.archived_rows(session, wanted - sources.keys(), with_errors=True)
    return {ref: source.values.get("visit_id") for ref, source in sources.items()}


@dataclass(frozen=True)
class CorrectedRow:
    """One row as its correction page shows it: `values` by column, an observation's `assay` with them.

    `is_with_visit`: it counts no longer because its visit does not. `replaces` is the row in whose place it stands.
    """

    ref: str
    table: str
    id: int
    visit_id: int | None
    values: Mapping[str, Any]
    is_archived: bool
    corrections: tuple[CorrectionLine, ...]
    is_with_visit: bool
    replaces: str | None

    @property
    def error(self) -> CorrectionLine | None:
        """Why the row itself counts no longer, or None."""
        return next((line for line in self.corrections if line.in_force), None)


def row(session: Session, patient_id: int, ref: str) -> CorrectedRow | None:
    """One row of whatever tier, or None if the patient has none such. Raises ColdUnavailable."""
    source = find.rows(session, [ref], with_errors=True).get(ref)
    if source is None or source.values["patient_id"] != patient_id:
        return None
    table, row_id = parse_ref(ref)
    values = dict(source.values)
    if table == "observation":
        values["assay"] = session.get_one(Assay, values["assay_id"])
    visit_id = values["id"] if table == "visit" else values.get("visit_id")
    errors = entered_in_error(session, [patient_id]).ids.get("visit", frozenset())
    corrections = of_patient(session, patient_id)
    is_with_visit = table != "visit" and visit_id in errors
    return CorrectedRow(
        ref, table, row_id, visit_id, values, source.store != "hot", corrections.by_ref.get(ref, ()), is_with_visit,
        corrections.replaces(table, row_id),
    )  # fmt: skip
