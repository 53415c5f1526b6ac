"""The archive workflow's state and what the archives hold. All of it lives in the primary."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Code, Id, utc_now


class RunKind(StrEnum):
    """What a run does: cold rows to the archive, or back to the primary."""

    ARCHIVE = "archive"
    RESTORE = "restore"


class RunState(StrEnum):
    """Where an archive run stands; the transitions are in core/models/transitions.py."""

    PLANNING = "planning"
    RUNNING = "running"
    PAUSED = "paused"
    FAILED = "failed"
    DONE = "done"


class BatchKind(StrEnum):
    """What a batch moves: roots with their children, late children of archived roots, or what is restored."""

    ROOTS = "roots"
    STRAGGLERS = "stragglers"
    RESTORE = "restore"


class BatchState(StrEnum):
    """The last step that a batch has completed; a purged batch has no copies left in the archive."""

    PLANNED = "planned"
    STAGED = "staged"
    LOADED = "loaded"
    VERIFIED = "verified"
    RELEASED = "released"
    RESTORED = "restored"
    PURGED = "purged"


class StepName(StrEnum):
    """The steps of a batch, in order, after the run's plan; the last two are a restore's."""

    PLAN = "plan"
    STAGE = "stage"
    LOAD = "load"
    VERIFY = "verify"
    RELEASE = "release"
    RESTORE = "restore"
    PURGE = "purge"


STEPS_OF = {
    RunKind.ARCHIVE: (StepName.PLAN, StepName.STAGE, StepName.LOAD, StepName.VERIFY, StepName.RELEASE),
    RunKind.RESTORE: (StepName.PLAN, StepName.RESTORE, StepName.PURGE),
}


class StepState(StrEnum):
    """How one attempt at a step went."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ArchiveRun(Base):
    """One sweep of one record type up to a cut-off, or one restore of what `scope` names (`batch:3`, `patient:7`).

    With `last_place`, its batches follow the order in which the roots lie, up to that place; else that of their times.
    `looked_at_all`: its plan looked for late rows among all that are hot, and not by their marks alone.
    A run without a heartbeat before `wakes_at` is not lost: it waits to try again, or a throttle holds it.
    """

    __tablename__ = "archive_run"
    id: Mapped[Id]
    kind: Mapped[Code] = mapped_column(default=RunKind.ARCHIVE, server_default=RunKind.ARCHIVE)
    scope: Mapped[str | None] = mapped_column(String(120))
    record_type: Mapped[Code]
    state: Mapped[Code]
    as_of: Mapped[datetime]
    cutoff_at: Mapped[datetime]
    dry_run: Mapped[bool] = mapped_column(default=False)
    started_by: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str | None]
    selected: Mapped[int] = mapped_column(default=0)
    batch_rows: Mapped[int]
    tunes_size: Mapped[bool] = mapped_column(default=True, server_default="true")
    last_place: Mapped[int | None]
    looked_at_all: Mapped[bool] = mapped_column(default=False, server_default="false")
    throttle_reason: Mapped[str | None]
    throttled_at: Mapped[datetime | None]
    wakes_at: Mapped[datetime | None]
    started_at: Mapped[datetime] = mapped_column(default=utc_now)
    heartbeat_at: Mapped[datetime | None]
    redriven_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class Batch(Base):
    """Rows that move as one: a range of roots by (time, id) or place, of root ids for stragglers, or a restore's unit.

    The batch of a restore names the batch that the restore undoes, or a patient. `position` is the primary's log
    position after the restore; at `replayed_at` the replica was first seen to have replayed it.
    """

    __tablename__ = "batch"
    id: Mapped[Id]
    run_id: Mapped[int] = mapped_column(ForeignKey("archive_run.id"), index=True)
    kind: Mapped[Code] = mapped_column(default=BatchKind.ROOTS, server_default=BatchKind.ROOTS)
    record_type: Mapped[Code]
    ordinal: Mapped[int]
    state: Mapped[Code]
    first_at: Mapped[datetime | None]
    first_id: Mapped[int | None]
    last_at: Mapped[datetime | None]
    last_id: Mapped[int | None]
    first_place: Mapped[int | None]
    last_place: Mapped[int | None]
    of_batch_id: Mapped[int | None]
    patient_id: Mapped[int | None]
    size_reason: Mapped[str | None] = mapped_column(String(200))
    roots: Mapped[int] = mapped_column(default=0)
    rows: Mapped[int] = mapped_column(default=0)
    released_roots: Mapped[int] = mapped_column(default=0)
    released_rows: Mapped[int] = mapped_column(default=0)
    superseded_rows: Mapped[int] = mapped_column(default=0)
    departed_rows: Mapped[int] = mapped_column(default=0, server_default="0")
    position: Mapped[int | None]
    replayed_at: Mapped[datetime | None]
    staged_key: Mapped[str | None] = mapped_column(String(300))
    content_hash: Mapped[str | None] = mapped_column(String(64))
    staging_key_id: Mapped[str | None] = mapped_column(String(16))
    expired_at: Mapped[datetime | None]
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
    fault: Mapped[Code | None]
    retry_at: Mapped[datetime | None]
    worker: Mapped[str | None] = mapped_column(String(120))
    started_at: Mapped[datetime] = mapped_column(default=utc_now)
    finished_at: Mapped[datetime | None]


class RunEvent(Base):
    """What somebody did to a run: who started, paused, resumed or redrove it, and when."""

    __tablename__ = "run_event"
    id: Mapped[Id]
    run_id: Mapped[int] = mapped_column(ForeignKey("archive_run.id"), index=True)
    action: Mapped[Code]
    by_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(default=utc_now)


class Holding(Base):
    """What an archive server holds for a patient; patient 0 stands for the rows that belong to no patient.

    `clinic_id` is the clinic of the newest visit at one that was moved there, and `clinic_visit_id` that visit. It may
    have become hot again, hidden or entered in error since.

    `shown_roots` counts the roots that a page may show, and the two times are the first and the last at which it shows
    them: of visits their starts, of reports those that were signed. NULL where nobody has looked yet.
    """

    __tablename__ = "holding"
    patient_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    record_type: Mapped[Code] = mapped_column(primary_key=True)
    server: Mapped[Code]
    roots: Mapped[int]
    rows: Mapped[int]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    clinic_id: Mapped[int | None]
    clinic_visit_id: Mapped[int | None]
    shown_roots: Mapped[int | None]
    shown_first_at: Mapped[datetime | None]
    shown_last_at: Mapped[datetime | None]


class HoldingSum(Base):
    """The sum of all holdings of a record type, kept with them, in parts: two batches seldom wait for one row.

    A part alone means nothing: a restore subtracts from the part of its own batch, so counts may be below zero.
    """

    __tablename__ = "holding_sum"
    record_type: Mapped[Code] = mapped_column(primary_key=True)
    part: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    roots: Mapped[int]
    rows: Mapped[int]
    first_at: Mapped[datetime | None]
    last_at: Mapped[datetime | None]


class RestoredRoot(Base):
    """A root that a restore brought back to the primary. A purge deletes its old copies when no reader needs them.

    The root stays hot until `keep_until`, however old it is. `by_id`: some of the old copies lie in a batch that was
    restored only in part. Readers still read that batch, so they must leave out this root by its id.
    """

    __tablename__ = "restored_root"
    record_type: Mapped[Code] = mapped_column(primary_key=True)
    root_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    batch_id: Mapped[int] = mapped_column(index=True)
    patient_id: Mapped[int | None]
    by_id: Mapped[bool]
    restored_at: Mapped[datetime]
    keep_until: Mapped[datetime]
    purged_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_restored_root_unpurged", "record_type", "root_id", postgresql_where=text("purged_at IS NULL")),
    )


class LateRoot(Base):
    """A mark that rows came late to a root which had left the primary. Each writer adds its own, even a second one:
    so a run deletes those that it has read, and none that is written meanwhile.
    """

    __tablename__ = "late_root"
    id: Mapped[Id]
    record_type: Mapped[Code]
    root_id: Mapped[int]

    __table_args__ = (Index("ix_late_root_type_root", "record_type", "root_id"),)


class Erasure(Base):
    """The erasure of a patient's data from every tier, and how far it has come. It keeps only the patient's id."""

    __tablename__ = "erasure"
    id: Mapped[Id]
    patient_id: Mapped[int] = mapped_column(unique=True)
    requested_by: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(String(400))
    requested_at: Mapped[datetime] = mapped_column(default=utc_now)
    hot_at: Mapped[datetime | None]
    archives_at: Mapped[datetime | None]
    staged_at: Mapped[datetime | None]
    rows: Mapped[int] = mapped_column(default=0)
