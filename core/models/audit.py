"""The audit trail (FHIR AuditEvent): append-only, a hash chain per writer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Code, Id


class AccessEvent(Base):
    """One decision, allowed or denied: who, what, whose, why, when, from where."""

    __tablename__ = "access_event"
    id: Mapped[Id]
    at: Mapped[datetime]
    portal: Mapped[Code]
    action: Mapped[Code]
    outcome: Mapped[Code]
    account_id: Mapped[int | None]
    actor_name: Mapped[str | None] = mapped_column(String(200))
    actor_role: Mapped[Code | None]
    patient_id: Mapped[int | None]
    target: Mapped[str | None] = mapped_column(String(120))
    purpose: Mapped[str | None] = mapped_column(String(400))
    address: Mapped[str | None] = mapped_column(String(64))
    request_id: Mapped[str | None] = mapped_column(String(64))
    writer: Mapped[str] = mapped_column(String(80))
    sequence: Mapped[int]
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    __table_args__ = (
        UniqueConstraint("writer", "sequence"),
        Index("ix_access_event_at", "at", "id", mssql_include=["patient_id"], postgresql_include=["patient_id"]),
        Index("ix_access_event_patient_at", "patient_id", "at"),
        Index("ix_access_event_account_at", "account_id", "at"),
    )


class ChainHead(Base):
    """The last event of one writer's chain."""

    __tablename__ = "chain_head"
    writer: Mapped[str] = mapped_column(String(80), primary_key=True)
    sequence: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))


class KeptHeadSet(Base):
    """That a set of heads was kept outside the database."""

    __tablename__ = "kept_head_set"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kept_at: Mapped[datetime]
    hash: Mapped[str] = mapped_column(String(64))


class OutlierLine(Base):
    """One line of what stands out in the trail, as it was counted last, the most unusual of a kind with rank 0.

    A line of kind `counted` says when that was, even if nothing stands out.
    """

    __tablename__ = "outlier_line"
    kind: Mapped[Code] = mapped_column(primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    account_id: Mapped[int | None]
    name: Mapped[str | None] = mapped_column(String(200))
    patient_id: Mapped[int | None] = mapped_column(index=True)
    number: Mapped[int]
    usual: Mapped[float | None]
    shared: Mapped[str | None] = mapped_column(String(400))
    at: Mapped[datetime]
