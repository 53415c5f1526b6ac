"""Places of care."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Clinic

LIMIT = 500


def clinics(session: Session) -> tuple[tuple[int, str], ...]:
    """Ids and names of clinics, by name."""
    query = select(Clinic.id, Clinic.name).order_by(Clinic.name, Clinic.id).limit(LIMIT)
    return tuple((row.id, row.name) for row in session.execute(query))
