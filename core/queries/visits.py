"""A visit as a list shows it, and one visit with what was noted, measured, found and prescribed at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import Select, Table, literal, select
from sqlalchemy.orm import Session

from core.models import Clinic, Practitioner, VisitStatus, said
from core.models.record_types import VISIT
from core.queries.other_records import remark
from core.queries.results import Result, results_at
from core.staging.attachments import Attachment, named_in
from core.stores import hot_and_archived
from core.stores.hot_and_archived import Found

CHILDREN = tuple(child.table.name for child in VISIT.children)


@dataclass(frozen=True)
class VisitLine:
    """A visit as a list shows it."""

    id: int
    description: str
    reason: str | None
    class_code: str
    started_at: datetime
    ended_at: datetime | None
    clinic: str | None
    practitioner: str | None
    is_open: bool
    is_archived: bool


@dataclass(frozen=True)
class NoteText:
    """A note."""

    id: int
    kind: str
    author: str | None
    text: str
    written_at: datetime
    remark: str
    attachments: tuple[Attachment, ...]


@dataclass(frozen=True)
class PrescriptionLine:
    """A medicine ordered at a visit."""

    id: int
    medication: str
    dose: str | None
    frequency: str | None
    instructions: str | None
    reason: str | None
    status: str
    started_on: date | None
    stopped_on: date | None
    remark: str | None


@dataclass(frozen=True)
class ConditionLine:
    """A condition recorded at a visit."""

    id: int
    name: str
    code: str | None
    status: str
    onset_on: date | None
    resolved_on: date | None
    remark: str | None


LineT = TypeVar("LineT", NoteText, PrescriptionLine, ConditionLine)


@dataclass(frozen=True)
class VisitDetail:
    """One visit and everything that moves with it."""

    visit: VisitLine
    notes: tuple[NoteText, ...]
    results: tuple[Result, ...]
    prescriptions: tuple[PrescriptionLine, ...]
    conditions: tuple[ConditionLine, ...]


def detail(session: Session, patient_id: int, visit_id: int, *, with_errors: bool = False) -> VisitDetail | None:
    """One visit of this patient, or None; what was entered in error only if asked.

    Raises ColdUnavailable when only the silent archive could tell.
    """

    def root(table: Table, columns: Select[Any]) -> Select[Any]:
        return columns.where(table.c.id == visit_id, table.c.patient_id == patient_id)

    def children(table: Table, columns: Select[Any]) -> Select[Any]:
        return columns.where(table.c.visit_id == visit_id, table.c.patient_id == patient_id)

    found = hot_and_archived.read_hot(session, "visit", root, with_errors=with_errors)
    if not found and hot_and_archived.held(session, patient_id, VISIT.name) is not None:
        found = hot_and_archived.read_archived(
            session, VISIT.name, "visit", root, patient_id=patient_id, with_errors=with_errors
        )
    if not found:
        return None

    def read(name: str) -> list[Found]:
        # A note or result that was edited while its visit moved has stayed hot.
        if found[0].is_archived:
            return hot_and_archived.read_both(
                session, VISIT.name, name, children, patient_id=patient_id, with_errors=with_errors
            )
        return hot_and_archived.read_hot(session, name, children, with_errors=with_errors)

    return details(session, found, {name: read(name) for name in CHILDREN})[0]


def details(session: Session, visits: Sequence[Found], children: Mapping[str, Sequence[Found]]) -> list[VisitDetail]:
    """The visits, in their order, each with those of the children, by table, that belong to it."""
    results = results_at(session, children["observation"])
    return [
        VisitDetail(
            visit=line,
            notes=_notes(_of(line, children["note"])),
            results=tuple(result for result in results if result.visit_id == line.id),
            prescriptions=_prescriptions(_of(line, children["prescription"])),
            conditions=_conditions(_of(line, children["condition"])),
        )
        for line in lines(session, visits)
    ]


def _of(visit: VisitLine, children: Sequence[Found]) -> list[Found]:
    return [item for item in children if item.values["visit_id"] == visit.id]


def lines(session: Session, found: Sequence[Found]) -> tuple[VisitLine, ...]:
    names = _names(session, found)
    return tuple(_line(item, names) for item in found)


def _names(session: Session, found: Sequence[Found]) -> dict[tuple[str, int], str]:
    """The names of these visits' clinics and practitioners, by column and id: one statement."""
    parts = []
    for column, model in (("clinic_id", Clinic), ("practitioner_id", Practitioner)):
        ids = {item.values[column] for item in found} - {None}
        if ids:
            parts.append(select(literal(column), model.id, model.name).where(model.id.in_(sorted(ids))))
    if not parts:
        return {}
    rows = session.execute(parts[0].union_all(*parts[1:]) if len(parts) > 1 else parts[0])
    return {(column, row_id): name for column, row_id, name in rows}


def _line(found: Found, names: Mapping[tuple[str, int], str]) -> VisitLine:
    row = found.values
    clinic, practitioner = (names.get((column, row[column])) for column in ("clinic_id", "practitioner_id"))
    return _line_of(row, clinic, practitioner, is_archived=found.is_archived)


def hot_line(row: Mapping[str, Any]) -> VisitLine:
    """A row of the hot tier that has the names of its clinic and practitioner with it."""
    return _line_of(row, row["clinic"], row["practitioner"], is_archived=False)


def _line_of(row: Mapping[Any, Any], clinic: str | None, practitioner: str | None, *, is_archived: bool) -> VisitLine:
    return VisitLine(
        id=row["id"],
        description=row["description"],
        reason=row["reason"],
        class_code=row["class_code"],
        started_at=_dated(row, "started_at"),
        ended_at=_dated(row, "ended_at"),
        clinic=clinic,
        practitioner=practitioner,
        is_open=row["status"] == VisitStatus.OPEN,
        is_archived=is_archived,
    )


def _dated(row: Mapping[Any, Any], column: str) -> Any:
    return said.dated(row[column], row["said"], column)


NOT_COLUMNS = ("remark", "attachments")


def line_of(line: type[LineT], row: Mapping[Any, Any]) -> LineT:
    """A row as a page shows it, its dates as far as they are known."""
    names = [name for name in line.__dataclass_fields__ if name not in NOT_COLUMNS]
    shown: dict[str, Any] = {name: said.dated(row[name], row["said"], name) for name in names}
    parts = said.read(row["said"])
    shown["remark"] = remark(row["said"]) if line is NoteText else said.beside(parts)
    if line is NoteText:
        shown["attachments"] = named_in(parts.get("attachments"))
    if line is PrescriptionLine and (why := parts.get("status_reason")):
        # "Stopped" by itself does not say that it was for an angioedema.
        shown["status"] = f"{shown['status']}: {why}"
    if line is ConditionLine:
        # "Resolved" would be too much of a cancer in remission.
        shown["status"] = said.clinical_words(parts, shown["status"])
    return line(**shown)


def _notes(found: Sequence[Found]) -> tuple[NoteText, ...]:
    rows = sorted((item.values for item in found), key=lambda row: (row["written_at"], row["id"]))
    return tuple(line_of(NoteText, row) for row in rows)


def _prescriptions(found: Sequence[Found]) -> tuple[PrescriptionLine, ...]:
    lines = [line_of(PrescriptionLine, item.values) for item in found]
    return tuple(sorted(lines, key=lambda line: (line.medication, line.id)))


def _conditions(found: Sequence[Found]) -> tuple[ConditionLine, ...]:
    lines = [line_of(ConditionLine, item.values) for item in found]
    return tuple(sorted(lines, key=lambda line: (line.name, line.id)))
