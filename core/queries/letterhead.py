"""What stands at the head of a printed page: whose it is, and which clinic's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, Table, select
from sqlalchemy.orm import Session

from core.models import Clinic, Patient, said
from core.models.record_types import VISIT
from core.queries.hidden_visits import NO_VISITS, VisitIds, is_visible
from core.sealing import stored_national_id
from core.stores import hot_and_archived


@dataclass(frozen=True)
class Letterhead:
    """The patient, and the clinic of the newest visit at one."""

    patient_id: int
    name: str
    birth_on: date | None
    masked_national_id: str
    clinic: str | None


def letterhead(
    session: Session, patient_id: int, *, hidden_visits: VisitIds = NO_VISITS, with_archived: bool = False
) -> Letterhead | None:
    """None if there is no such patient. The archive is asked only if told so; then ColdUnavailable may be raised."""
    row = session.get(Patient, patient_id)
    if row is None:
        return None
    return Letterhead(
        patient_id=row.id,
        name=row.name,
        birth_on=said.dated(row.birth_on, row.said, "birth_on"),
        masked_national_id=stored_national_id.masked(row.national_id_sealed),
        clinic=_clinic(session, patient_id, hidden_visits, with_archived),
    )


def _clinic(session: Session, patient_id: int, hidden_visits: VisitIds, with_archived: bool) -> str | None:
    def build(table: Table, columns: Select[Any]) -> Select[Any]:
        query = columns.where(table.c.patient_id == patient_id, table.c.clinic_id.is_not(None))
        query = query.where(is_visible(table, hidden_visits))
        return query.order_by(table.c.started_at.desc(), table.c.id.desc()).limit(1)

    found = hot_and_archived.read_hot(session, "visit", build)
    if not found and with_archived and hot_and_archived.held(session, patient_id, VISIT.name) is not None:
        found = hot_and_archived.read_archived(session, VISIT.name, "visit", build, patient_id=patient_id)
    if not found:
        return None
    return session.scalar(select(Clinic.name).where(Clinic.id == found[0].values["clinic_id"]))
