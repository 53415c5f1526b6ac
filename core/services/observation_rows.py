"""The observations of a visit, made from what was typed: refused if they can't be, asked about if they surprise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy.orm import Session

from core import audit
from core.access import care
from core.access.permissions import Actor
from core.models import Observation, Patient, Visit
from core.queries import visit_form
from core.queries.last_values import last_values
from core.queries.reference_ranges import UsualRange, age_on, interpret
from core.queries.visit_form import AssayChoice
from core.services import plausibility
from core.services.input import Faults


@dataclass(frozen=True)
class NewObservation:
    """A value as typed, in the assay's unit. `confirmed` repeats a surprising value that its writer stands by."""

    assay_id: int | None
    value: str
    confirmed: str = ""


@dataclass(frozen=True)
class TypedObservation:
    """A row to add; `was_asked` if its writer was asked about the value and confirmed it."""

    row: Observation
    was_asked: bool


def read(
    session: Session,
    typed: Sequence[NewObservation],
    *,
    patient: Patient,
    visit: Visit,
    day: date,
    by: Actor,
    faults: Faults,
) -> list[TypedObservation]:
    """The rows to add, with that day's ranges. `faults` names what is wrong or to be confirmed."""
    if not typed:
        return []
    known = visit_form.assays(session, sex=patient.sex, age=age_on(patient.birth_on, day))
    wanted = {one.assay_id for one in typed if one.assay_id is not None}
    hidden = care.hidden_visits(session, by.id, patient.id)
    last = last_values(session, patient.id, wanted, before=visit.started_at, hidden_visits=hidden)
    found = []
    for index, one in enumerate(typed):
        if one.assay_id is None and not one.value.strip():
            continue
        assay = known.get(one.assay_id or 0)
        if assay is None:
            faults.add(f"observations-{index}-assay", "Choose what was measured from the list.")
            continue
        value, was_asked = _value(f"observations-{index}-", one, assay, last.get(assay.id), faults)
        found.append(TypedObservation(_observation(visit, assay, value), was_asked))
    return found


def read_again(
    session: Session, row: Observation, typed: NewObservation, *, patient: Patient, by: Actor, faults: Faults
) -> tuple[dict[str, Any], bool]:
    """The columns of a corrected result, judged by that day's ranges; and whether its writer confirmed a surprise.

    Where we have no range for the test, that of the row of another system holds. `faults` names what is wrong or to be
    confirmed, at `assay`, `value` and `confirmed`.
    """
    known = visit_form.assays(session, sex=patient.sex, age=age_on(patient.birth_on, row.observed_at.date()))
    assay, is_same = known.get(typed.assay_id or 0), typed.assay_id == row.assay_id
    if assay is None:
        faults.add("assay", "Choose what was measured from the list.")
        return {}, False
    usual = assay.usual or (UsualRange(row.ref_low, row.ref_high) if is_same else None)
    hidden = care.hidden_visits(session, by.id, patient.id)
    last = last_values(session, patient.id, {assay.id}, before=row.observed_at, hidden_visits=hidden, leave_out=row.id)
    value, was_asked = _value("", typed, replace(assay, usual=usual), last.get(assay.id), faults)
    values = {
        "assay_id": assay.id,
        "unit": row.unit if is_same else assay.unit,
        "value_number": value,
        "value_text": None,
        "ref_low": usual.low if usual else None,
        "ref_high": usual.high if usual else None,
        "interpretation": interpret(value, usual),
    }
    return values, was_asked


def record_confirmed(session: Session, found: Sequence[TypedObservation], by: Actor) -> None:
    """Put on record which surprising values their writer confirmed. The rows have been flushed."""
    for one in found:
        if one.was_asked:
            record_confirmed_value(session, one.row, by)


def record_confirmed_value(session: Session, row: Observation, by: Actor) -> None:
    """Put one on record."""
    audit.record(
        session,
        "observation.confirmed",
        by=by,
        patient_id=row.patient_id,
        target=f"observation:{row.id}",
        purpose="the value was asked about",
    )


def _value(
    prefix: str, typed: NewObservation, assay: AssayChoice, last: Decimal | None, faults: Faults
) -> tuple[Decimal, bool]:
    """The value, and whether its writer was asked about it and confirmed it."""
    value = _number(typed.value, f"{prefix}value", faults)
    if f"{prefix}value" in faults.errors:
        return value, False
    impossible = plausibility.impossible(assay, value)
    if impossible:
        faults.add(f"{prefix}value", impossible)
        return value, False
    asked = plausibility.question(assay, value, last)
    if asked and typed.confirmed.strip() != typed.value.strip():
        faults.add(f"{prefix}confirmed", f"{asked} Correct it, or confirm that it is right.")
    return value, asked is not None


def _number(text: str, field: str, faults: Faults) -> Decimal:
    try:
        value = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value) >= Decimal(10) ** 12:
        faults.add(field, "Enter the value as a number, such as 7.2.")
        return Decimal(0)
    if value != round(value, 6):
        faults.add(field, "Enter at most six places after the point.")
    return value


def _observation(visit: Visit, assay: AssayChoice, value: Decimal) -> Observation:
    usual = assay.usual
    return Observation(
        patient_id=visit.patient_id,
        assay_id=assay.id,
        value_number=value,
        unit=assay.unit,
        ref_low=usual.low if usual else None,
        ref_high=usual.high if usual else None,
        interpretation=interpret(value, usual),
        observed_at=visit.started_at,
    )
