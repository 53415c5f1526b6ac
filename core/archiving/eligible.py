"""The condition for a root to leave the primary. Planning, staging and the dashboard's counts share it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from core.models import ArchiveRun, Patient, RestoredRoot
from core.models.record_types import RecordType

PATIENT = "patient"


def may_move(record_type: RecordType, cutoff_at: datetime) -> ColumnElement[bool]:
    """The condition on the root table: cold, under no legal hold, and not brought back on purpose."""
    return and_(record_type.is_cold(cutoff_at), is_free(record_type), ~is_kept(record_type))


def may_move_in(run: ArchiveRun, record_type: RecordType) -> ColumnElement[bool]:
    """The condition on the root table that a run takes a root: one of a patient takes nobody else's."""
    cold, patient_id = may_move(record_type, run.cutoff_at), patient_of(run)
    return cold if patient_id is None else and_(cold, record_type.root.c[record_type.patient_column] == patient_id)


def patient_of(run: ArchiveRun) -> int | None:
    """The patient whose rows alone a run moves; None if it moves everybody's."""
    what, _, number = (run.scope or "").partition(":")
    return int(number) if what == PATIENT else None


def is_free(record_type: RecordType) -> ColumnElement[bool]:
    """The root's patient is under no legal hold."""
    patient = record_type.root.c[record_type.patient_column]
    return or_(patient.is_(None), patient.not_in(select(Patient.id).where(Patient.legal_hold)))


def is_kept(record_type: RecordType) -> ColumnElement[bool]:
    """A restore brought the root back, and it must stay hot for a while, or its old copy is still in the archive."""
    return exists().where(
        RestoredRoot.record_type == record_type.name,
        RestoredRoot.root_id == record_type.root.c.id,
        or_(RestoredRoot.purged_at.is_(None), RestoredRoot.keep_until > func.now()),
    )
