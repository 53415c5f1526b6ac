"""What each page about a patient knows first: the patient's own row with the picture, allergies, medicines in use."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, exists, func, select
from sqlalchemy.orm import Session

from core.models import Clinic, SensitiveVisit
from core.models.record_types import KEPT_HOT, VISIT
from core.queries.hidden_visits import NO_VISITS, VisitIds, is_open_to_all, is_seen, told
from core.stores.counted import counts
from core.stores.once import once
from core.stores.prepared import PATIENT, rows
from core.stores.tables import hot_table

HOLDING = hot_table("holding")
CLINIC_VISIT = HOLDING.c.clinic_visit_id


def patient_row(session: Session, patient_id: int, *, with_clinic: bool = False) -> Any:
    """The row, or None if there is no such patient; with it `content` and `stale_at` of the picture.

    `with_clinic`: with `clinic` too, that of the newest visit at one that is hidden from nobody.
    """
    found = once(
        session,
        ("patient", patient_id, with_clinic),
        lambda: next(iter(rows(session, patient_query(with_clinic=with_clinic), patient=patient_id)), None),
    )
    if with_clinic:
        once(session, ("patient", patient_id, False), lambda: found)
    return found


@cache
def patient_query(*, with_clinic: bool) -> Select[Any]:
    patient, picture = hot_table("patient"), hot_table("patient_picture")
    query = select(patient, picture.c.content, picture.c.stale_at)
    query = query.select_from(patient.outerjoin(picture, picture.c.patient_id == patient.c.id))
    query = query.where(patient.c.id == PATIENT)
    if not with_clinic:
        return query
    held = archived_clinic_query(~exists(SensitiveVisit.visit_id).where(SensitiveVisit.visit_id == CLINIC_VISIT))
    return query.add_columns(func.coalesce(_hot_clinic(), held.scalar_subquery()).label("clinic"))


def archived_clinic_query(may_be_seen: ColumnElement[bool]) -> Select[Any]:
    """The clinic of the newest archived visit at one, as the holding tells; none if that visit does not count."""
    clinic, error = hot_table("clinic"), hot_table("correction").c
    of_visit = (error.row_type == VISIT.root.name, error.row_id == CLINIC_VISIT)
    counted = ~exists(error.id).where(error.patient_id == HOLDING.c.patient_id, error.in_force, *of_visit)
    query = select(clinic.c.name).join_from(HOLDING, clinic, clinic.c.id == HOLDING.c.clinic_id)
    mine = (HOLDING.c.patient_id == PATIENT, HOLDING.c.record_type == VISIT.name, HOLDING.c.roots > 0)
    return query.where(*mine, counted, may_be_seen)


def _hot_clinic() -> Any:
    visit = hot_table("visit")
    query = select(Clinic.name).join_from(visit, Clinic, Clinic.id == visit.c.clinic_id)
    query = query.where(visit.c.patient_id == PATIENT, is_open_to_all(visit), counts(visit))
    return query.order_by(visit.c.started_at.desc(), visit.c.id.desc()).limit(1).scalar_subquery()


def allergy_rows(session: Session, patient_id: int) -> Sequence[Row[Any]]:
    """All allergies that count, of whatever status, by substance."""
    return once(session, ("allergies", patient_id), lambda: rows(session, _allergies(), patient=patient_id))


@cache
def _allergies() -> Select[Any]:
    table = hot_table("allergy")
    query = select(table).where(table.c.patient_id == PATIENT, counts(table))
    return query.order_by(table.c.substance, table.c.id)


def medicine_rows(session: Session, patient_id: int, hidden_visits: VisitIds = NO_VISITS) -> Sequence[Row[Any]]:
    """Medicines taken, on hold, or of which nobody knows, by name, without those of hidden visits."""

    def read() -> Sequence[Row[Any]]:
        query = medicines_query(any_hidden=bool(hidden_visits))
        return rows(session, query, patient=patient_id, **told(hidden_visits))

    return once(session, ("medicines", patient_id, hidden_visits), read)


@cache
def medicines_query(*, any_hidden: bool) -> Select[Any]:
    table = hot_table("prescription")
    mine = (table.c.patient_id == PATIENT, table.c.status.in_(KEPT_HOT))
    query = select(table).where(*mine, is_seen(table, any_hidden=any_hidden), counts(table))
    return query.order_by(table.c.medication, table.c.id)
