"""What an edit makes of a row: the columns that its author typed anew, judged as when they were first typed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from core.access.permissions import Actor
from core.models import Base, Note, Observation, Patient, Prescription, Visit, said
from core.services import observation_rows, prescription_rows
from core.services.input import Faults
from core.services.observation_rows import NewObservation
from core.services.prescription_rows import NewPrescription
from core.services.visit_rows import NOTE_LIMIT

Typed = Mapping[str, str]
Values = dict[str, Any]
MODELS: Mapping[str, type[Base]] = {
    "visit": Visit, "note": Note, "observation": Observation, "prescription": Prescription,
}  # fmt: skip
# The fields of a correction's form, by table.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "visit": ("description", "reason"),
    "note": ("text",),
    "observation": ("value", "confirmed"),
    "prescription": ("medication", "dose", "frequency", "instructions", "override"),
}


def change(session: Session, table: str, row_id: int, typed: Typed, *, by: Actor) -> Values:
    """Give a hot row the values typed; returns what they replace, by column. Raises InvalidInput, with a fault if
    nothing is changed.
    """
    row, faults = session.get_one(MODELS[table], row_id, with_for_update=True, populate_existing=True), Faults()
    made = READERS[table](session, row, typed, by, faults)
    faults.check()
    before = {name: getattr(row, name) for name, value in made.items() if getattr(row, name) != value}
    if not before:
        faults.add(FIELDS[table][0], "This is what it says already: change it, or leave it.")
        faults.check()
    for name in before:
        setattr(row, name, made[name])
    session.flush()
    return before


def as_text(before: Values) -> str:
    """What an edit replaced, as it is kept."""
    return json.dumps({name: _plain(value) for name, value in before.items()}, ensure_ascii=False)


def _plain(value: Any) -> Any:
    return format(value.normalize(), "f") if isinstance(value, Decimal) else value


def _visit(session: Session, row: Any, typed: Typed, by: Actor, faults: Faults) -> Values:
    return {
        "description": faults.line(
            "description", typed.get("description"), limit=400, required="Enter what the visit was for."
        ),
        "reason": faults.line("reason", typed.get("reason"), limit=400),
    }


def _note(session: Session, row: Any, typed: Typed, by: Actor, faults: Faults) -> Values:
    text = faults.text("text", typed.get("text"), limit=NOTE_LIMIT)
    if not text:
        faults.add("text", "Write the note. To take it out, mark it as entered in error.")
    return {"text": text}


def _observation(session: Session, row: Any, typed: Typed, by: Actor, faults: Faults) -> Values:
    new = NewObservation(row.assay_id, typed.get("value") or "", typed.get("confirmed") or "")
    patient = session.get_one(Patient, row.patient_id)
    return observation_rows.read_again(session, row, new, patient=patient, by=by, faults=faults)


def _prescription(session: Session, row: Any, typed: Typed, by: Actor, faults: Faults) -> Values:
    required = "Enter the medicine's name. To take it out, mark it as entered in error."
    new = NewPrescription(**{name: typed.get(name, "") for name in FIELDS["prescription"]})
    line = prescription_rows.line_of(new, "", faults)
    if line["medication"] is None:
        faults.add("medication", required)
    override = prescription_rows.answered(
        session, line, new.override, patient_id=row.patient_id, by=by, faults=faults, field="override",
        leave_out=row.id,
    )  # fmt: skip
    if override and not faults.errors:
        prescription_rows.record_override(session, row, override, by)
    parts = {**said.read(row.said), "override": override}
    return {**line, "said": said.write(parts)}


READERS: Mapping[str, Callable[[Session, Any, Typed, Actor, Faults], Values]] = {
    "visit": _visit, "note": _note, "observation": _observation, "prescription": _prescription,
}  # fmt: skip
