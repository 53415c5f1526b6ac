"""Who cares for whom, and who opened a record without caring for its patient."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Code, Id, utc_now


class Sensitivity(StrEnum):
    """Why a visit is hidden from others than the treatment team (HL7 v3 ActCode, information sensitivity)."""

    MENTAL_HEALTH = "MH"
    SEXUAL_HEALTH = "SEX"
    SUBSTANCE_USE = "ETH"
    VIOLENCE = "SDV"
    GENETICS = "GDIS"
    OTHER = "S"


class CareTeamMember(Base):
    """A clinician on a patient's treatment team (FHIR CareTeam.participant), until taken off it."""

    __tablename__ = "care_team_member"
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True, index=True)
    added_by: Mapped[int | None]
    added_at: Mapped[datetime] = mapped_column(default=utc_now)


class LastLook(Base):
    """When an account last looked at a record, and when before the sitting of that: access events leave the primary.

    Looks that follow one another closely are one sitting.
    """

    __tablename__ = "last_look"
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), primary_key=True, index=True)
    looked_at: Mapped[datetime]
    before_at: Mapped[datetime | None]


class VisitTie(Base):
    """How the author of a visit was tied to the patient while writing it: a visit written under a glass ties nobody.

    Without `recorded_at`, the visit was written before this was kept.
    """

    __tablename__ = "visit_tie"
    visit_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    account_id: Mapped[int]
    tie: Mapped[Code]
    recorded_at: Mapped[datetime | None] = mapped_column(default=utc_now)


class GlassBreak(Base):
    """A clinician outside the team opened a record, with a reason, for a time (break-glass)."""

    __tablename__ = "glass_break"
    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    reason: Mapped[str] = mapped_column(String(400))
    at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_glass_break_account", "account_id", "patient_id", "expires_at"),
        Index("ix_glass_break_at", "at", "id"),
    )


class SensitiveVisit(Base):
    """Says that a visit is hidden from whoever has no grant to it. The row stays hot when the visit is archived."""

    __tablename__ = "sensitive_visit"
    visit_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    category: Mapped[Code]
    practitioner_id: Mapped[int | None]
    recorded_by: Mapped[int | None]
    set_by: Mapped[int]
    set_at: Mapped[datetime] = mapped_column(default=utc_now)


class SensitiveGrant(Base):
    """A clinician may see a sensitive visit: on the team when it was kept apart, or let in by one who sees it."""

    __tablename__ = "sensitive_grant"
    visit_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    granted_by: Mapped[int]
    granted_at: Mapped[datetime] = mapped_column(default=utc_now)
