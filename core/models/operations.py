"""What keeps the system running: outbox, import ledger, budgets, switches, evaluation runs."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, Numeric, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Code, Id, utc_now


class OutboxMessage(Base):
    """A job that a transaction has asked for. It is enqueued after the commit, and again until it has run."""

    __tablename__ = "outbox_message"
    id: Mapped[Id]
    queue: Mapped[Code]
    task: Mapped[str] = mapped_column(String(200))
    arguments: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    due_at: Mapped[datetime] = mapped_column(default=utc_now)
    enqueued_at: Mapped[datetime | None]
    enqueues: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_outbox_message_open", "due_at", postgresql_where=text("done_at IS NULL")),)


class ImportedRow(Base):
    """Which source row was imported as which row of ours: a second import changes nothing, hot or archived."""

    __tablename__ = "imported_row"
    # The source of entries by which people are known by their identifiers, as hashes.
    IDENTIFIER: ClassVar = "identifier"
    source: Mapped[str] = mapped_column(String(40), primary_key=True)
    source_key: Mapped[str] = mapped_column(String(200), primary_key=True)
    ref_type: Mapped[Code]
    row_id: Mapped[int]
    content_hash: Mapped[str] = mapped_column(String(64))


class Generation(Base):
    """A made-up population that is not whole yet. `asked` are words that go on with it, `token` names its folder."""

    __tablename__ = "generation"
    id: Mapped[Id]
    asked: Mapped[str] = mapped_column(String(200))
    as_of: Mapped[date]
    token: Mapped[str] = mapped_column(String(32))


class GenerationPart(Base):
    """A part of it that is loaded, of one phase; of people, the first id."""

    __tablename__ = "generation_part"
    generation_id: Mapped[int] = mapped_column(ForeignKey("generation.id"), primary_key=True, autoincrement=False)
    phase: Mapped[Code] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    first_id: Mapped[int]


class DayBudget(Base):
    """Money reserved and spent on models in one UTC day."""

    __tablename__ = "day_budget"
    day_on: Mapped[date] = mapped_column(primary_key=True)
    reserved_usd: Mapped[Decimal] = mapped_column(Numeric(12, 6), default=Decimal(0))
    spent_usd: Mapped[Decimal] = mapped_column(Numeric(12, 6), default=Decimal(0))


class Switch(Base):
    """Something an admin can turn on or off at once, such as halting the report loop."""

    __tablename__ = "switch"
    name: Mapped[Code] = mapped_column(primary_key=True)
    on: Mapped[bool]
    reason: Mapped[str | None]
    changed_by: Mapped[str] = mapped_column(String(200))
    changed_at: Mapped[datetime] = mapped_column(default=utc_now)


class ScheduleMark(Base):
    """When a regular job was last started, so that two schedulers, or a restart, start it once."""

    __tablename__ = "schedule_mark"
    name: Mapped[Code] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]


class EvalRun(Base):
    """One run of an evaluation suite and its figures."""

    __tablename__ = "eval_run"
    id: Mapped[Id]
    suite: Mapped[Code]
    model: Mapped[str | None] = mapped_column(String(120))
    prompt_version: Mapped[str | None] = mapped_column(String(80))
    passed: Mapped[bool]
    figures: Mapped[dict[str, Any]]
    ran_at: Mapped[datetime] = mapped_column(default=utc_now)


class Alert(Base):
    """A rule that fired: what was measured, against which threshold, from when until it cleared."""

    __tablename__ = "alert"
    id: Mapped[Id]
    rule: Mapped[Code]
    value: Mapped[float]
    threshold: Mapped[float]
    samples: Mapped[int]
    fired_at: Mapped[datetime] = mapped_column(default=utc_now)
    cleared_at: Mapped[datetime | None]

    __table_args__ = (
        # A rule fires once until it clears, however many evaluate it.
        Index("ix_alert_firing", "rule", unique=True, postgresql_where=text("cleared_at IS NULL")),
        Index("ix_alert_fired", "fired_at"),
    )


class LoadSpan(StrEnum):
    """How long a row of `load_figure` covers; a counter is the last state of something that only grows."""

    COUNTER = "counter"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


class LoadFigure(Base):
    """How busy or full one machine or server was: the mean and the highest of its samples in one span of time.

    `name` is cpu, memory or disk (shares, 0 to 1), or iops (operations a second).
    """

    __tablename__ = "load_figure"
    source: Mapped[str] = mapped_column(String(60), primary_key=True)
    name: Mapped[Code] = mapped_column(primary_key=True)
    span: Mapped[Code] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    samples: Mapped[int]
    mean: Mapped[float]
    highest: Mapped[float]

    __table_args__ = (Index("ix_load_figure_span_at", "span", "at"),)


class SetupState(StrEnum):
    """How far a setup of agents has come: being evaluated, used for some reports, used for all, no longer used."""

    CANDIDATE = "candidate"
    CANARY = "canary"
    IN_USE = "in use"
    RETIRED = "retired"


class AgentSetup(Base):
    """The two models and the prompts that make a report together. `share`, in percent, is of a canary's reports."""

    __tablename__ = "agent_setup"
    id: Mapped[Id]
    drafter_model: Mapped[str] = mapped_column(String(120))
    checker_model: Mapped[str] = mapped_column(String(120))
    prompt_version: Mapped[str] = mapped_column(String(80))
    state: Mapped[Code]
    share: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str]
    changed_by: Mapped[str] = mapped_column(String(200))
    changed_at: Mapped[datetime] = mapped_column(default=utc_now)

    __table_args__ = (
        UniqueConstraint("drafter_model", "checker_model", "prompt_version"),
        # For the same prompts, at most one setup is in use and one is a canary.
        Index(
            "ix_agent_setup_place",
            "prompt_version",
            "state",
            unique=True,
            postgresql_where=text("state IN ('in use', 'canary')"),
        ),
    )


class SignerNotice(Base):
    """A request to a signer to look at a report again; it is open until the signer answers."""

    __tablename__ = "signer_notice"
    id: Mapped[Id]
    report_id: Mapped[int]
    account_id: Mapped[int]
    reason: Mapped[str] = mapped_column(String(400))
    sent_at: Mapped[datetime] = mapped_column(default=utc_now)
    answered_at: Mapped[datetime | None]

    __table_args__ = (
        # One open notice for a signer and a report, however many incidents touch it.
        Index(
            "ix_signer_notice_open",
            "account_id",
            "report_id",
            unique=True,
            postgresql_where=text("answered_at IS NULL"),
        ),
    )
