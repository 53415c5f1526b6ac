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
from core.stores.hot_and_archived import that_find_any

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
    asked: dict[type[Any], Select[Any]] = {
        NoteText: notes.order_by(Note.written_at.desc(), Note.id.desc()),
        PrescriptionLine: medicines.order_by(Prescription.started_on.desc().nulls_last(), Prescription.id.desc()),
        ConditionLine: problems.order_by(Condition.onset_on.desc().nulls_last(), Condition.id.desc()),
    }
    any_rows = that_find_any(session, asked)
    found: dict[type[Any], Any] = {
        line: _lines(session, line, rows, limit) if line in any_rows else () for line, rows in asked.items()
    }
    return OutsideVisits(
        notes=found[NoteText], medicines=found[PrescriptionLine], problems=found[ConditionLine],
        total=sum(len(lines) if len(lines) != limit else _count(session, asked[line]) for line, lines in found.items()),
    )  # fmt: skip


def _of(model: type[Any], patient_id: int) -> Select[Any]:
    return select(model).where(model.patient_id == patient_id, model.visit_id.is_(None), counts(model.__table__))


def _lines(session: Session, line: type[LineT], rows: Select[Any], limit: int | None) -> tuple[LineT, ...]:
    return tuple(line_of(line, row.__dict__) for row in session.scalars(rows.limit(limit)))


def _count(session: Session, rows: Select[Any]) -> int:
    return session.scalar(select(func.count()).select_from(rows.order_by(None).subquery())) or 0
