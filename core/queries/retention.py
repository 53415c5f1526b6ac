"""Legal holds, erasures, and what a restore would bring back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from core.models import AccessEvent, Batch, BatchKind, BatchState, Erasure, Holding, Patient
from core.queries.believed_events import BY_STAFF

SHOWN_MAX = 200
HELD = "patient.hold"


@dataclass(frozen=True)
class HoldLine:
    """A patient under a legal hold; who set it, when and why are None if it was not set through the portal."""

    patient_id: int
    since: datetime | None
    by_name: str | None
    reason: str | None


@dataclass(frozen=True)
class ErasureLine:
    """How far an erasure is: the primary, then the archives, then staged files; `rows` are deleted so far."""

    patient_id: int
    requested_by: str
    requested_at: datetime
    archives_at: datetime | None
    staged_at: datetime | None
    rows: int


@dataclass(frozen=True)
class Restorable:
    """What a restore would bring back to the primary now."""

    record_type: str
    roots: int
    rows: int


def holds(session: Session) -> list[HoldLine]:
    """The patients under a legal hold, at most SHOWN_MAX, with the event that set it.

    That event stays on the primary as long as the hold lasts, because a held patient's events do not move.
    """
    held = select(Patient.id).where(Patient.legal_hold).order_by(Patient.id).limit(SHOWN_MAX).subquery()
    place = func.row_number().over(
        partition_by=AccessEvent.patient_id, order_by=(AccessEvent.at.desc(), AccessEvent.id.desc())
    )
    events = select(
        AccessEvent.patient_id, AccessEvent.at, AccessEvent.actor_name, AccessEvent.purpose, place.label("place")
    )
    of_held = AccessEvent.patient_id.in_(select(held.c.id)), AccessEvent.action == HELD, BY_STAFF
    set_by = events.where(*of_held).subquery()
    latest = and_(set_by.c.patient_id == held.c.id, set_by.c.place == 1)
    query = select(held.c.id, set_by.c.at, set_by.c.actor_name, set_by.c.purpose)
    query = query.select_from(held.outerjoin(set_by, latest)).order_by(held.c.id)
    return [HoldLine(*row) for row in session.execute(query)]


def erasures(session: Session) -> list[ErasureLine]:
    """The latest erasures, newest first."""
    columns = [getattr(Erasure, name) for name in ErasureLine.__dataclass_fields__]
    query = select(*columns).order_by(Erasure.id.desc()).limit(SHOWN_MAX)
    return [ErasureLine(*row) for row in session.execute(query)]


def in_batches(session: Session, *, batch_id: int | None = None, run_id: int | None = None) -> Restorable | None:
    """What released batches have in the archive: one batch, or all of a run's. None if there is nothing."""
    one = Batch.id == batch_id if batch_id is not None else Batch.run_id == run_id
    query = (
        select(Batch.record_type, func.sum(Batch.released_roots), func.sum(Batch.released_rows - Batch.departed_rows))
        .where(one, Batch.state == BatchState.RELEASED, Batch.kind != BatchKind.RESTORE)
        .group_by(Batch.record_type)
    )
    row = session.execute(query).one_or_none()
    return Restorable(row[0], int(row[1]), int(row[2])) if row is not None else None


def of_patient(session: Session, *, patient_id: int, record_type: str) -> Restorable | None:
    """What the archive holds of a patient. None if there is nothing."""
    held = session.get(Holding, (patient_id, record_type))
    return Restorable(record_type, held.roots, held.rows) if held is not None and held.roots > 0 else None
