"""What an account may do to a row of a record: its author edits it for some hours, and then nobody does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from core.access import care, permissions
from core.access.permissions import Actor, Right
from core.models import Correction, CorrectionKind, Visit, VisitTie, utc_now
from core.stores import databases


@dataclass(frozen=True)
class Standing:
    """`edit_until` is set if the account may edit the row now; `takes_out` if it may mark it as entered in error."""

    edit_until: datetime | None
    takes_out: bool


@dataclass(frozen=True)
class Authorship:
    """Who wrote a row and when; None where that was not kept, as of rows of another system."""

    account_id: int | None
    recorded_at: datetime | None


def standing(
    session: Session, by: Actor, *, patient_id: int, table: str, row_id: int, visit_id: int | None
) -> Standing:
    """What the account may do to this row of a patient in its care. Anyone who may write visits may add to it."""
    wrote = _authorship(session, patient_id, table, row_id, visit_id)
    is_author = wrote.account_id == by.id and permissions.can(by, Right.VISIT_WRITE)
    until = None
    if is_author and wrote.recorded_at is not None:
        end = wrote.recorded_at + timedelta(hours=databases.current().settings.correction_hours)
        until = end if utc_now() < end else None
    lasting = care.tie(session, by.id, patient_id) not in (None, care.Tie.GLASS)
    return Standing(until, is_author or (lasting and permissions.can(by, Right.OTHERS_CORRECT)))


def _authorship(session: Session, patient_id: int, table: str, row_id: int, visit_id: int | None) -> Authorship:
    """Who wrote an addendum, or a row in place of another, wrote it; all else at a visit, the visit's author did."""
    written = and_(Correction.row_type == table, Correction.replaced_by_id == row_id)
    if table == "note":
        written = or_(written, and_(Correction.note_id == row_id, Correction.kind == CorrectionKind.ADDENDUM))
    correction = session.scalar(select(Correction).where(Correction.patient_id == patient_id, written))
    if correction is not None:
        return Authorship(correction.by_id, correction.at)
    wrote = session.get(VisitTie, visit_id) if visit_id is not None else None
    if wrote is not None:
        return Authorship(wrote.account_id, wrote.recorded_at)
    visit = session.get(Visit, visit_id) if visit_id is not None else None
    return Authorship(visit.recorded_by if visit is not None else None, None)
