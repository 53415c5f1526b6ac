"""The current picture of each patient: one compact row, kept hot, of the newest values of each assay."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, utc_now, version_column


class PatientPicture(Base):
    """What core/picture keeps of a patient; nobody else writes it.

    `content` is packed (core/picture/packed.py). With `stale_at`, values may be missing until the picture is rebuilt.
    A patient without a row is one whose picture was never built.
    """

    __tablename__ = "patient_picture"
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    stale_at: Mapped[datetime | None] = mapped_column(index=True)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)
    version: Mapped[int] = version_column()
