"""What was written down at no visit: notes, medicines no longer taken, problems that are over. Such rows stay hot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from core.models import Condition, ConditionStatus, Note, Prescription
from core.models.record_types import KEPT_HOT
from core.queries.visits import ConditionLine, NoteText, PrescriptionLine, line_of
from core.stores.counted import counts

ROWS_MAX = 20
LineT = TypeVar("LineT", NoteText, PrescriptionLine, ConditionLine)


@dataclass(frozen=True)
class OutsideVisits:
    """Newest first; `total` counts those that are cut off too."""

    notes: tuple[NoteText, ...]
    medicines: tuple[PrescriptionLine, ...]
    problems: tuple[ConditionLine, ...]
    total: int

    @property
    def shown(self) -> int:
        return len(self.notes) + len(self.medicines) + len(self.problems)


def outside_visits(session: Session, patient_id: int, *, limit: int | None = ROWS_MAX) -> OutsideVisits:
    """What was written down of the patient at no visit, at most `limit` of each kind.

    What holds now is not among it: `current_health` has it.
    """
    notes = _of(Note, patient_id)
    medicines = _of(Prescription, patient_id).where(Prescription.status.not_in(KEPT_HOT))
    problems = _of(Condition, patient_id).where(Condition.status != ConditionStatus.ACTIVE)
    return OutsideVisits(
        notes=_lines(session, NoteText, notes.order_by(Note.written_at.desc(), Note.id.desc()), limit),
        medicines=_lines(
            session,
            PrescriptionLine,
            medicines.order_by(Prescription.started_on.desc().nulls_last(), Prescription.id.desc()),
            limit,
        ),
        problems=_lines(
            session,
            ConditionLine,
            problems.order_by(Condition.onset_on.desc().nulls_last(), Condition.id.desc()),
            limit,
        ),
        total=sum(_count(session, rows) for rows in (notes, medicines, problems)),
    )


def _of(model: type[Any], patient_id: int) -> Select[Any]:
    return select(model).where(model.patient_id == patient_id, model.visit_id.is_(None), counts(model.__table__))


def _lines(session: Session, line: type[LineT], rows: Select[Any], limit: int | None) -> tuple[LineT, ...]:
    return tuple(line_of(line, row.__dict__) for row in session.scalars(rows.limit(limit)))


def _count(session: Session, rows: Select[Any]) -> int:
    return session.scalar(select(func.count()).select_from(rows.subquery())) or 0
