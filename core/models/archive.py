"""The archive workflow's state and what the archives hold. All of it lives in the primary."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Code, Id, utc_now


class RunState(StrEnum):
    """Where an archive run stands; the transitions are in core/policies.py."""

    PLANNING = "planning"
    RUNNING = "running"
    PAUSED = "paused"
    FAILED = "failed"
    DONE = "done"


class BatchState(StrEnum):
    """The last step a batch has completed."""

    PLANNED = "planned"
    STAGED = "staged"
    LOADED = "loaded"
    VERIFIED = "verified"
    RELEASED = "released"
    RESTORED = "restored"


class StepName(StrEnum):
    """The steps of a batch, in order, after the run's plan."""

    PLAN = "plan"
    STAGE = "stage"
    LOAD = "load"
    VERIFY = "verify"
    RELEASE = "release"


class StepState(StrEnum):
    """How one attempt at a step went."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ArchiveRun(Base):
    """One sweep of one record type up to a cut-off."""

    __tablename__ = "archive_run"
    id: Mapped[Id]
    record_type: Mapped[Code]
    state: Mapped[Code]
    as_of: Mapped[datetime]
    cutoff_at: Mapped[datetime]
    dry_run: Mapped[bool] = mapped_column(default=False)
    started_by: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str | None]
    selected: Mapped[int] = mapped_column(default=0)
    batch_rows: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(default=utc_now)
    heartbeat_at: Mapped[datetime | None]
    redriven_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class Batch(Base):
    """A range of roots, by (time, id), that moves as one."""

    __tablename__ = "batch"
    id: Mapped[Id]
    run_id: Mapped[int] = mapped_column(ForeignKey("archive_run.id"), index=True)
    record_type: Mapped[Code]
    ordinal: Mapped[int]
    state: Mapped[Code]
    first_at: Mapped[datetime]
    first_id: Mapped[int]
    last_at: Mapped[datetime]
    last_id: Mapped[int]
    roots: Mapped[int] = mapped_column(default=0)
    rows: Mapped[int] = mapped_column(default=0)
    released_roots: Mapped[int] = mapped_column(default=0)
    released_rows: Mapped[int] = mapped_column(default=0)
    superseded_rows: Mapped[int] = mapped_column(default=0)
    staged_key: Mapped[str | None] = mapped_column(String(300))
    content_hash: Mapped[str | None] = mapped_column(String(64))
    failed_step: Mapped[Code | None]
    reason: Mapped[str | None]
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)

    __table_args__ = (Index("ix_batch_type_state", "record_type", "state"),)


class Step(Base):
    """One attempt at one step of a batch: how long, how many rows, what went wrong."""

    __tablename__ = "step"
    id: Mapped[Id]
    run_id: Mapped[int] = mapped_column(index=True)
    batch_id: Mapped[int | None] = mapped_column(index=True)
    name: Mapped[Code]
    attempt: Mapped[int]
    state: Mapped[Code]
    rows: Mapped[int] = mapped_column(default=0)
    cause: Mapped[str | None]
    worker: Mapped[str | None] = mapped_column(String(120))
    started_at: Mapped[datetime] = mapped_column(default=utc_now)
    finished_at: Mapped[datetime | None]


class Holding(Base):
    """What an archive server holds for a patient; patient 0 holds rows that belong to nobody."""

    __tablename__ = "holding"
    patient_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    record_type: Mapped[Code] = mapped_column(primary_key=True)
    server: Mapped[Code]
    roots: Mapped[int]
    rows: Mapped[int]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
