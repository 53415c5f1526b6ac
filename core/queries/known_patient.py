"""A patient's own row and allergies, which the head of a page and its body both show."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Allergy, Patient
from core.stores.counted import counts
from core.stores.once import once
from core.stores.tables import hot_table


def patient_row(session: Session, patient_id: int) -> Patient | None:
    """The row, or None if there is no such patient."""
    return once(session, ("patient", patient_id), lambda: session.get(Patient, patient_id))


def allergy_rows(session: Session, patient_id: int) -> tuple[Allergy, ...]:
    """All allergies that count, of whatever status, by substance."""
    query = select(Allergy).where(Allergy.patient_id == patient_id, counts(hot_table("allergy")))
    in_order = query.order_by(Allergy.substance, Allergy.id)
    return once(session, ("allergies", patient_id), lambda: tuple(session.scalars(in_order)))
