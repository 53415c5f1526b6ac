"""What was corrected in a record: its rows stay as they were written, in whatever tier; this lies hot beside them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Code, Id, utc_now


class CorrectionKind(StrEnum):
    """What was done to a row."""

    EDIT = "edit"
    ADDENDUM = "addendum"
    ERROR = "entered-in-error"
    UNDONE = "reinstated"


class Correction(Base):
    """One correction of one row, named `row_type` and `row_id`, of whatever tier; of several the last counts.

    `in_force` is true of an entered-in-error that stands: its row counts no longer, nor, if it is a visit, what was
    written at it. `before` holds what an edit replaced, as JSON by column. `note_id` is the note that an addendum is,
    `replaced_by_id` the row of the same kind that was written in place of one entered in error.
    Nobody is `by` whom another system takes a row back.
    """

    __tablename__ = "correction"
    id: Mapped[Id]
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    visit_id: Mapped[int | None]
    row_type: Mapped[Code]
    row_id: Mapped[int]
    kind: Mapped[Code]
    in_force: Mapped[bool]
    before: Mapped[str | None]
    note_id: Mapped[int | None]
    replaced_by_id: Mapped[int | None]
    reason: Mapped[str] = mapped_column(String(400))
    by_id: Mapped[int | None]
    by_name: Mapped[str | None] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(default=utc_now)
