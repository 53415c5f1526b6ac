"""What stands at the head of a printed page: whose it is, and which clinic's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Select, Table, select, true
from sqlalchemy.orm import Session

from core.models import Clinic, Patient, said
from core.models.record_types import VISIT
from core.queries.hidden_visits import HIDDEN, NO_VISITS, VisitIds, is_seen, is_visible, told
from core.queries.known_patient import CLINIC_VISIT, archived_clinic_query, patient_row
from core.sealing import stored_national_id
from core.stores import hot_and_archived
from core.stores.counted import counts
from core.stores.prepared import PATIENT, rows
from core.stores.tables import hot_table


@dataclass(frozen=True)
class Letterhead:
    """The patient, and the clinic of the newest visit at one."""

    patient_id: int
    name: str
    birth_on: date | None
    masked_national_id: str
    clinic: str | None
    died: bool
    died_on: date | None
    standing: str


def is_deceased(row: Patient) -> bool:
    """Whether a patient is known to have died, on whatever day."""
    return row.deceased_on is not None or bool(said.read(row.said).get("deceased"))


def standing(row: Patient) -> str:
    """What its source says of the record as a whole; empty of a record in use."""
    parts = said.read(row.said)
    if "replaced_by" in parts:
        return f"Merged into another record ({parts['replaced_by']}): not in use"
    return "Record not in use" if parts.get("inactive") else ""


def letterhead(
    session: Session, patient_id: int, *, hidden_visits: VisitIds = NO_VISITS, with_archived: bool = False
) -> Letterhead | None:
    """None if there is no such patient. The archive is asked only if told so; then ColdUnavailable may be raised."""
    row = patient_row(session, patient_id)
    if row is None:
        return None
    return Letterhead(
        patient_id=row.id,
        name=row.name,
        birth_on=said.dated(row.birth_on, row.said, "birth_on"),
        masked_national_id=stored_national_id.masked(row.national_id_sealed),
        clinic=newest_clinic(session, patient_id, hidden_visits, with_archived=with_archived),
        died=is_deceased(row),
        died_on=said.dated(row.deceased_on, row.said, "deceased_on"),
        standing=standing(row),
    )


def newest_clinic(
    session: Session, patient_id: int, hidden_visits: VisitIds = NO_VISITS, *, with_archived: bool = False
) -> str | None:
    """The clinic of the newest visit at one; as `letterhead`. A holding knows that of the newest archived one."""

    def build(table: Table, columns: Select[Any]) -> Select[Any]:
        query = columns.where(table.c.patient_id == patient_id, table.c.clinic_id.is_not(None))
        query = query.where(is_visible(table, hidden_visits))
        return query.order_by(table.c.started_at.desc(), table.c.id.desc()).limit(1)

    query = hot_clinic_query(any_hidden=bool(hidden_visits))
    hot = rows(session, query, patient=patient_id, **told(hidden_visits))
    if hot:
        return hot[0].name
    if not with_archived:
        held = rows(
            session, held_clinic_query(any_hidden=bool(hidden_visits)), patient=patient_id, **told(hidden_visits)
        )
        return held[0].name if held else None
    if hot_and_archived.held(session, patient_id, VISIT.name) is None:
        return None
    found = hot_and_archived.read_archived(session, VISIT.name, "visit", build, patient_id=patient_id)
    return session.scalar(select(Clinic.name).where(Clinic.id == found[0].values["clinic_id"])) if found else None


@cache
def hot_clinic_query(*, any_hidden: bool) -> Select[Any]:
    """The clinic of the newest hot visit at one."""
    visit, clinic = hot_table("visit"), hot_table("clinic")
    query = select(clinic.c.name).join_from(visit, clinic, clinic.c.id == visit.c.clinic_id)
    query = query.where(visit.c.patient_id == PATIENT, is_seen(visit, any_hidden=any_hidden), counts(visit))
    return query.order_by(visit.c.started_at.desc(), visit.c.id.desc()).limit(1)


@cache
def held_clinic_query(*, any_hidden: bool) -> Select[Any]:
    """The clinic of the newest archived visit at one, told by what is hot; none if that visit is hidden."""
    return archived_clinic_query(CLINIC_VISIT.not_in(HIDDEN) if any_hidden else true())
