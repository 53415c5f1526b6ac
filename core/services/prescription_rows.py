"""The prescriptions of a visit, made from what was typed: asked about if they surprise, with the answer on record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from core import audit
from core.access import care
from core.access.permissions import Actor
from core.models import Prescription, PrescriptionStatus, said
from core.queries.current_health import current_health
from core.services.input import Faults
from core.services.prescription_questions import Ordered, questions

OVERRIDE_MIN, OVERRIDE_MAX = 10, 400
WHY = "Change it, or say why it is right, in {} characters or more."


@dataclass(frozen=True)
class NewPrescription:
    """A medicine ordered at the visit; `override` says why, if its writer was asked about it."""

    medication: str
    dose: str = ""
    frequency: str = ""
    instructions: str = ""
    override: str = ""


@dataclass(frozen=True)
class TypedPrescription:
    """A row to add, and why its writer stands by it, if there was a question."""

    row: Prescription
    override: str | None


def read(
    session: Session, typed: Sequence[NewPrescription], *, patient_id: int, day: date, by: Actor, faults: Faults
) -> list[TypedPrescription]:
    """The rows to add. `faults` names what is wrong or to be answered."""
    found: list[TypedPrescription] = []
    for index, one in enumerate(typed):
        field = f"prescriptions-{index}-"
        line = line_of(one, field, faults)
        if not any(line.values()):
            continue
        if line["medication"] is None:
            faults.add(f"{field}medication", "Enter the medicine's name.")
        before = [Ordered(other.row.medication or "", other.row.dose or "") for other in found]
        override = answered(session, line, one.override, patient_id=patient_id, by=by, beside=before, faults=faults,
                            field=f"{field}override")  # fmt: skip
        row = Prescription(
            patient_id=patient_id,
            status=PrescriptionStatus.ACTIVE,
            started_on=day,
            said=said.write({"override": override}),
            **line,
        )
        found.append(TypedPrescription(row, override))
    return found


def line_of(typed: NewPrescription, field: str, faults: Faults) -> dict[str, str | None]:
    """The columns that a person types."""
    return {
        "medication": faults.line(f"{field}medication", typed.medication, limit=400),
        "dose": faults.line(f"{field}dose", typed.dose, limit=120),
        "frequency": faults.line(f"{field}frequency", typed.frequency, limit=120),
        "instructions": faults.text(f"{field}instructions", typed.instructions, limit=2_000) or None,
    }


def _ordered(medication: str, dose: str | None, frequency: str | None) -> Ordered:
    return Ordered(medication, dose or "", frequency or "")


def answered(
    session: Session,
    line: dict[str, str | None],
    override: str,
    *,
    patient_id: int,
    by: Actor,
    faults: Faults,
    field: str,
    beside: Sequence[Ordered] = (),
    leave_out: int | None = None,
) -> str | None:
    """Why the writer stands by a medicine that was asked about; None if nothing had to be asked.

    `beside` are others of the same form, `leave_out` is the row that is being corrected.
    """
    health = current_health(session, patient_id, hidden_visits=care.hidden_visits(session, by.id, patient_id))
    if health is None or not line["medication"]:
        return None
    taken = [_ordered(one.medication, one.dose, one.frequency) for one in health.medicines if one.id != leave_out]
    allergies = [one.substance for one in health.allergies if one.status == "active"]
    new = _ordered(line["medication"], line["dose"], line["frequency"])
    asked = questions(new, allergies=allergies, current=[*taken, *beside])
    if not asked:
        return None
    words = faults.line(field, override, limit=OVERRIDE_MAX) or ""
    if len(words) < OVERRIDE_MIN:
        faults.add(field, f"{' '.join(asked)} {WHY.format(OVERRIDE_MIN)}")
    return words


def record_overrides(session: Session, found: Sequence[TypedPrescription], by: Actor) -> None:
    """Put on record which questions their writer answered, and how. The rows have been flushed."""
    for one in found:
        if one.override:
            record_override(session, one.row, one.override, by)


def record_override(session: Session, row: Prescription, override: str, by: Actor) -> None:
    """Put one on record."""
    audit.record(
        session, "prescription.confirmed", by=by, patient_id=row.patient_id, target=f"prescription:{row.id}",
        purpose=override,
    )  # fmt: skip
