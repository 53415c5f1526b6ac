"""What a correction makes of a row: the columns that were typed anew, judged as when they were first typed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access.permissions import Actor
from core.models import Base, Note, Observation, Patient, Prescription, Visit, VisitStatus, said, utc_now
from core.services import observation_rows, prescription_rows, visit_rows
from core.services.input import Faults
from core.services.observation_rows import NewObservation
from core.services.prescription_rows import NewPrescription
from core.services.visit_rows import NOTE_LIMIT
from core.stores.page_zone import page_zone

Typed = Mapping[str, str]
Values = dict[str, Any]
MODELS: Mapping[str, type[Base]] = {
    "visit": Visit, "note": Note, "observation": Observation, "prescription": Prescription,
}  # fmt: skip
# The fields of a correction's form, by table.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "visit": ("description", "reason", "started_at", "ended_at"),
    "note": ("text",),
    "observation": ("assay", "value", "confirmed"),
    "prescription": ("medication", "dose", "frequency", "instructions", "override"),
}
MAIN_FIELDS = {"visit": "description", "note": "text", "observation": "value", "prescription": "medication"}
# Rows that can be written anew: nothing else belongs to them.
ANEW = frozenset({"note", "observation", "prescription"})
# As a field for a day and a time has it.
MINUTES = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True)
class Reading:
    """The columns typed; `record` puts on record what their writer confirmed, once the row is there."""

    values: Values
    record: Callable[[Any], None] = lambda _row: None


def change(session: Session, table: str, row_id: int, typed: Typed, *, by: Actor) -> Values:
    """Give a hot row the values typed; returns what they replace, by column. Raises InvalidInput, with a fault if
    nothing is changed.
    """
    row, faults = session.get_one(MODELS[table], row_id, with_for_update=True, populate_existing=True), Faults()
    made = READERS[table](session, row, typed, by, faults)
    faults.check()
    before = _replaced(table, row, made.values, faults)
    for name in before:
        setattr(row, name, made.values[name])
    session.flush()
    made.record(row)
    return before


def anew(session: Session, table: str, values: Mapping[str, Any], typed: Typed, *, by: Actor) -> Any:
    """Add a row that says what was typed and is otherwise as the old one, of whatever tier, of which these are the
    values. Raises InvalidInput, with a fault if nothing is changed.
    """
    model, faults = MODELS[table], Faults()
    kept = {column.key: values[column.key] for column in model.__table__.columns}
    kept["said"] = _said_anew(kept["said"])
    old = model(**kept)
    made = READERS[table](session, old, typed, by, faults)
    faults.check()
    _replaced(table, old, made.values, faults)
    row = model(**{**kept, **made.values, "id": None, "version": 1})
    if isinstance(row, Note):
        row.author = by.name
    session.add(row)
    session.flush()
    made.record(row)
    return row


def is_other_test(values: Mapping[str, Any], typed: Typed) -> bool:
    """Whether another test was chosen for a result: it is another row then."""
    return typed.get("assay", "") not in ("", str(values["assay_id"]))


def moved_along(session: Session, visit: Visit, was: datetime) -> list[tuple[str, int, Values]]:
    """Give what was written with the visit, at the time `was`, the visit's time now.

    Returns the rows: table, id, and what was replaced.
    """
    moved: list[tuple[str, int, Values]] = []
    now, zone = visit.started_at, page_zone()
    columns: tuple[tuple[Any, str, Any, Any], ...] = (
        (Observation, "observed_at", was, now),
        (Note, "written_at", was, now),
        (Prescription, "started_on", was.astimezone(zone).date(), now.astimezone(zone).date()),
    )
    for model, column, old, new in columns:
        if old == new:
            continue
        mine = select(model).where(model.visit_id == visit.id, getattr(model, column) == old)
        for row in session.scalars(mine.order_by(model.id).with_for_update()):
            setattr(row, column, new)
            moved.append((model.__tablename__, row.id, {column: old}))
    session.flush()
    return moved


def as_text(before: Values) -> str:
    """What an edit replaced, as it is kept."""
    return json.dumps({name: _plain(value) for name, value in before.items()}, ensure_ascii=False)


def _replaced(table: str, row: Any, values: Values, faults: Faults) -> Values:
    before = {name: getattr(row, name) for name, value in values.items() if getattr(row, name) != value}
    if not before:
        faults.add(
            FIELDS[table][-2 if table == "observation" else 0], "This is what it says already: change it, or leave it."
        )
        faults.check()
    return before


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, datetime):
        return value.astimezone(page_zone()).strftime("%Y-%m-%d %H:%M")
    return value if value is None or isinstance(value, str | int) else str(value)


def _said_anew(kept: str | None) -> str | None:
    """What the source said of when it was: what it said of the value holds no longer."""
    return said.write({"dates": said.read(kept).get("dates")})


def _visit(session: Session, row: Any, typed: Typed, by: Actor, faults: Faults) -> Reading:
    began = _began(session, row, typed, faults)
    values: Values = {
        "description": faults.line(
            "description", typed.get("description"), limit=400, required="Enter what the visit was for."
        ),
        "reason": faults.line("reason", typed.get("reason"), limit=400),
        "started_at": began,
    }
    if row.status == VisitStatus.CLOSED:
        values["ended_at"] = _ended(row, began, typed, faults)
    return Reading(values)


def _began(session: Session, row: Any, typed: Typed, faults: Faults) -> datetime:
    was: datetime = row.started_at
    if typed.get("started_at") == local_minute(was):
        return was
    return visit_rows.began(_instant(typed, "started_at", faults), session.get_one(Patient, row.patient_id), faults)


def _ended(row: Any, began: datetime, typed: Typed, faults: Faults) -> datetime | None:
    was: datetime | None = row.ended_at
    ended = was if was is not None and typed.get("ended_at") == local_minute(was) else None
    if ended is None:
        ended = _instant(typed, "ended_at", faults)
    if ended is None:
        faults.add("ended_at", "Enter the day and time the visit ended.")
    elif not began <= ended <= max(utc_now() + visit_rows.CLOCK_TOLERANCE, began):
        faults.add("ended_at", "Enter a time after the beginning that is not in the future.")
    elif ended - began > visit_rows.LENGTH_MAX:
        faults.add("ended_at", f"Enter a time within {visit_rows.LENGTH_MAX.days} days of the beginning.")
    return ended


def local_minute(at: datetime) -> str:
    """An instant as a field for a day and a time has it."""
    return at.astimezone(page_zone()).strftime(MINUTES)


def _instant(typed: Typed, field: str, faults: Faults) -> datetime | None:
    try:
        return datetime.strptime(typed.get(field) or "", MINUTES).replace(tzinfo=page_zone())
    except ValueError:
        faults.add(field, "Enter a day and a time, such as 2026-03-14 09:30.")
        return None


def _note(session: Session, row: Any, typed: Typed, by: Actor, faults: Faults) -> Reading:
    text = faults.text("text", typed.get("text"), limit=NOTE_LIMIT)
    if not text:
        faults.add("text", "Write the note. To take it out, mark it as entered in error.")
    return Reading({"text": text})


def _observation(session: Session, row: Any, typed: Typed, by: Actor, faults: Faults) -> Reading:
    chosen = typed.get("assay") or str(row.assay_id)
    new = NewObservation(
        int(chosen) if chosen.isdecimal() else None, typed.get("value") or "", typed.get("confirmed") or ""
    )
    patient = session.get_one(Patient, row.patient_id)
    values, was_asked = observation_rows.read_again(session, row, new, patient=patient, by=by, faults=faults)

    def record(made: Observation) -> None:
        if was_asked:
            observation_rows.record_confirmed_value(session, made, by)

    return Reading(values, record)


def _prescription(session: Session, row: Any, typed: Typed, by: Actor, faults: Faults) -> Reading:
    required = "Enter the medicine's name. To take it out, mark it as entered in error."
    new = NewPrescription(**{name: typed.get(name, "") for name in FIELDS["prescription"]})
    line = prescription_rows.line_of(new, "", faults)
    if line["medication"] is None:
        faults.add("medication", required)
    override = prescription_rows.answered(
        session, line, new.override, patient_id=row.patient_id, by=by, faults=faults, field="override",
        leave_out=row.id,
    )  # fmt: skip
    # Whoever writes an order anew says how long it lasts: what its source told of that holds no longer.
    parts = {**said.read(row.said), "override": override, "lapses": None}

    def record(made: Prescription) -> None:
        if override:
            prescription_rows.record_override(session, made, override, by)

    return Reading({**line, "said": said.write(parts)}, record)


READERS: Mapping[str, Callable[[Session, Any, Typed, Actor, Faults], Reading]] = {
    "visit": _visit, "note": _note, "observation": _observation, "prescription": _prescription,
}  # fmt: skip
