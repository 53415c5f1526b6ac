"""What holds of a patient now: personal details, allergies, conditions and medicines. Hot rows only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from core.models import ConditionStatus, PrescriptionStatus, said
from core.queries.hidden_visits import NO_VISITS, VisitIds, is_seen, told
from core.queries.known_patient import allergy_rows, medicine_rows, patient_row
from core.sealing import stored_national_id
from core.stores.counted import counts
from core.stores.prepared import PATIENT, rows
from core.stores.tables import hot_table


@dataclass(frozen=True)
class AllergyLine:
    """An allergy or intolerance."""

    id: int
    substance: str
    reaction: str | None
    severity: str | None
    criticality: str | None
    status: str
    recorded_on: date | None
    is_unconfirmed: bool
    remark: str | None


@dataclass(frozen=True)
class ProblemLine:
    """A condition that is there now."""

    id: int
    name: str
    onset_on: date | None
    onset: str | None
    remark: str | None


@dataclass(frozen=True)
class MedicineLine:
    """A medicine taken now."""

    id: int
    medication: str
    dose: str | None
    frequency: str | None
    instructions: str | None
    reason: str | None
    started_on: date | None
    stopped_on: date | None
    remark: str | None


@dataclass(frozen=True)
class CurrentHealth:
    """A patient's details and what holds now."""

    patient_id: int
    name: str
    masked_national_id: str
    sex: str
    birth_on: date | None
    phone: str | None
    address: str | None
    language: str | None
    allergies: tuple[AllergyLine, ...]
    conditions: tuple[ProblemLine, ...]
    medicines: tuple[MedicineLine, ...]


def current_health(session: Session, patient_id: int, *, hidden_visits: VisitIds = NO_VISITS) -> CurrentHealth | None:
    """What holds of the patient now, without the rows of hidden visits; None if there is no such patient."""
    patient = patient_row(session, patient_id)
    if patient is None:
        return None
    return CurrentHealth(
        patient_id=patient.id,
        name=patient.name,
        masked_national_id=stored_national_id.masked(patient.national_id_sealed),
        sex=patient.sex,
        birth_on=said.dated(patient.birth_on, patient.said, "birth_on"),
        phone=patient.phone,
        address=patient.address,
        language=patient.language,
        allergies=_allergies(session, patient_id),
        conditions=_conditions(session, patient_id, hidden_visits),
        medicines=_medicines(session, patient_id, hidden_visits),
    )


def _allergies(session: Session, patient_id: int) -> tuple[AllergyLine, ...]:
    return tuple(
        AllergyLine(
            row.id,
            row.substance,
            row.reaction,
            row.severity,
            row.criticality,
            row.status,
            said.dated(row.recorded_on, row.said, "recorded_on"),
            "verification" in said.read(row.said),
            said.beside(said.read(row.said)),
        )
        for row in allergy_rows(session, patient_id)
    )


def _conditions(session: Session, patient_id: int, hidden_visits: VisitIds) -> tuple[ProblemLine, ...]:
    found = rows(session, active_query(any_hidden=bool(hidden_visits)), patient=patient_id, **told(hidden_visits))
    return tuple(map(_problem, found))


@cache
def active_query(*, any_hidden: bool) -> Select[Any]:
    table = hot_table("condition")
    mine = (table.c.patient_id == PATIENT, table.c.status == ConditionStatus.ACTIVE)
    query = select(table).where(*mine, is_seen(table, any_hidden=any_hidden), counts(table))
    return query.order_by(table.c.name, table.c.id)


def _problem(row: Row[Any]) -> ProblemLine:
    parts = said.read(row.said)
    status = said.clinical_words(parts, row.status)
    remark = ", ".join(filter(None, (status if status != ConditionStatus.ACTIVE else None, said.beside(parts))))
    return ProblemLine(
        row.id, row.name, said.dated(row.onset_on, row.said, "onset_on"), parts.get("onset"), remark or None
    )


def _medicines(session: Session, patient_id: int, hidden_visits: VisitIds) -> tuple[MedicineLine, ...]:
    return tuple(
        MedicineLine(
            row.id,
            row.medication,
            row.dose,
            row.frequency,
            row.instructions,
            row.reason,
            said.dated(row.started_on, row.said, "started_on"),
            said.dated(row.stopped_on, row.said, "stopped_on"),
            said.beside(said.read(row.said)),
        )
        for row in medicine_rows(session, patient_id, hidden_visits)
        if row.status == PrescriptionStatus.ACTIVE
    )
