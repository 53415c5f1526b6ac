"""Medicines whose source told when they end: they are current no longer once that day is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import BindParameter, ColumnElement, Select, String, bindparam, literal_column, select
from sqlalchemy.orm import Session

from core import audit
from core.engines.functions import any_of
from core.models import Prescription, PrescriptionStatus, said

# Nothing else says when a medicine stands otherwise; of the rest, most have ended.
STANDING = (PrescriptionStatus.ACTIVE, PrescriptionStatus.UNKNOWN)
ROWS_READ = 5_000
_LAPSES: ColumnElement[str] = literal_column("'%\"lapses\":%'", String)


def told(after: int) -> Select[int, str | None]:
    """Id and `said` of the next medicines that tell when they lapse, by id."""
    # Written out, not sent as parameters: a plan that holds for any value could not use ix_prescription_lapses.
    now: BindParameter[Sequence[PrescriptionStatus]] = bindparam("now", STANDING, expanding=True, literal_execute=True)
    return (
        select(Prescription.id, Prescription.said)
        .where(Prescription.id > after, Prescription.status.in_(now), Prescription.said.like(_LAPSES))
        .order_by(Prescription.id)
        .limit(ROWS_READ)
    )


def locked(ids: Sequence[int]) -> Select[Prescription]:
    """These medicines, for whoever changes them."""
    return select(Prescription).where(any_of(Prescription.id, ids)).order_by(Prescription.id).with_for_update()


def standing(row_said: str | None, day: date) -> PrescriptionStatus:
    """How a medicine stands on a day, by what its source told when it was imported."""
    lapses: Mapping[str, str] = said.read(row_said).get("lapses", {})
    over = [PrescriptionStatus(status) for status, last in lapses.items() if last < day.isoformat()]
    # That it has ended says more than that nobody knows.
    return min(over, key=lambda status: status != PrescriptionStatus.COMPLETED, default=PrescriptionStatus.ACTIVE)


def end(session: Session, ids: Sequence[int], day: date) -> int:
    """Let these medicines stand as their source told for this day; returns how many changed."""
    changed = 0
    for row in session.scalars(locked(ids)):
        now = standing(row.said, day)
        if row.status in STANDING and now not in (PrescriptionStatus.ACTIVE, row.status):
            row.status = now
            audit.record(
                session, "prescription.lapsed", by=None, patient_id=row.patient_id, target=f"prescription:{row.id}"
            )
            changed += 1
    return changed
