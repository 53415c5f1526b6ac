"""The condition for a root to leave the primary. Planning, staging and the dashboard's counts share it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from core.models import Patient, RestoredRoot
from core.models.record_types import RecordType


def may_move(record_type: RecordType, cutoff_at: datetime) -> ColumnElement[bool]:
    """The condition on the root table: cold, under no legal hold, and not brought back on purpose."""
    return and_(record_type.is_cold(cutoff_at), is_free(record_type), ~is_kept(record_type))


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
