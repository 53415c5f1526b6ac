"""Reports: claims linked to source rows, checks on claims, model calls, signatures."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, Numeric, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Code, Id, hash_version_column, utc_now, version_column


class ReportState(StrEnum):
    """Where a report stands; the transitions are in core/models/transitions.py."""

    REQUESTED = "requested"
    DRAFTING = "drafting"
    CHECKING = "checking"
    REVISING = "revising"
    READY = "ready"
    SIGNED = "signed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"


class Decision(StrEnum):
    """What a clinician decided on a claim."""

    ACCEPTED = "accepted"
    EDITED = "edited"
    REJECTED = "rejected"


class Report(Base):
    """A patient summary. It is archived together with its children."""

    __tablename__ = "report"
    id: Mapped[Id]
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"))
    state: Mapped[Code]
    reason: Mapped[str | None]
    requested_by: Mapped[int]
    requested_at: Mapped[datetime] = mapped_column(default=utc_now)
    started_at: Mapped[datetime | None]
    ready_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    round: Mapped[int] = mapped_column(default=0)
    model: Mapped[str | None] = mapped_column(String(120))
    checker_model: Mapped[str | None] = mapped_column(String(120))
    prompt_version: Mapped[str | None] = mapped_column(String(80))
    replaces_id: Mapped[int | None]
    version: Mapped[int] = version_column()

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index("ix_report_patient_requested", "patient_id", "requested_at"),
        Index("ix_report_state", "state", "requested_at"),
        Index("ix_report_closed", "closed_at", "id", mssql_include=["patient_id", "state"]),
    )


class Evidence(Base):
    """A source row as it was supplied to the drafter."""

    __tablename__ = "evidence"
    id: Mapped[Id]
    report_id: Mapped[int] = mapped_column(index=True)
    patient_id: Mapped[int]
    ref: Mapped[str] = mapped_column(String(60))
    store: Mapped[Code]
    content_hash: Mapped[str] = mapped_column(String(64))
    hash_version: Mapped[int] = hash_version_column()
    fields: Mapped[dict[str, Any]]

    __table_args__ = (UniqueConstraint("report_id", "ref"),)


class Claim(Base):
    """One sentence of a report. An edited or revised claim is a new row; `replaced_by` points to it."""

    __tablename__ = "claim"
    id: Mapped[Id]
    report_id: Mapped[int] = mapped_column(index=True)
    patient_id: Mapped[int]
    ordinal: Mapped[int]
    section: Mapped[str] = mapped_column(String(120))
    text: Mapped[str]
    round: Mapped[int]
    verdict: Mapped[Code | None]
    flagged: Mapped[bool] = mapped_column(default=True)
    decision: Mapped[Code | None]
    decision_reason: Mapped[str | None]
    decided_by: Mapped[int | None]
    decided_at: Mapped[datetime | None]
    replaced_by: Mapped[int | None]
    version: Mapped[int] = version_column()

    __mapper_args__ = {"version_id_col": version}


class Citation(Base):
    """A claim's link to one source row, with the row's content hash at drafting."""

    __tablename__ = "citation"
    id: Mapped[Id]
    report_id: Mapped[int] = mapped_column(index=True)
    claim_id: Mapped[int] = mapped_column(index=True)
    ref: Mapped[str] = mapped_column(String(60))
    content_hash: Mapped[str] = mapped_column(String(64))
    hash_version: Mapped[int] = hash_version_column()


class Check(Base):
    """One verdict on one claim, by code or by the fact-checker.

    `said` is, where the fact-checker read the sentence, the statements that it read in it, as JSON.
    """

    __tablename__ = "claim_check"
    id: Mapped[Id]
    report_id: Mapped[int] = mapped_column(index=True)
    claim_id: Mapped[int] = mapped_column(index=True)
    checker: Mapped[Code]
    verdict: Mapped[Code]
    reasons: Mapped[list[Any]]
    quote: Mapped[str | None]
    model_call_id: Mapped[int | None]
    checked_at: Mapped[datetime] = mapped_column(default=utc_now)
    said: Mapped[str | None]


class Omission(Base):
    """A source row that no claim mentions, although the clinician should know of it."""

    __tablename__ = "omission"
    id: Mapped[Id]
    report_id: Mapped[int] = mapped_column(index=True)
    ref: Mapped[str] = mapped_column(String(60))
    reason: Mapped[str]


class ModelCall(Base):
    """One call of a model: which model and prompt, what the call cost, how long it took. Never what was said."""

    __tablename__ = "model_call"
    id: Mapped[Id]
    report_id: Mapped[int] = mapped_column(index=True)
    role: Mapped[Code]
    round: Mapped[int]
    attempt: Mapped[int]
    provider: Mapped[str] = mapped_column(String(120))
    requested_model: Mapped[str] = mapped_column(String(120))
    answering_model: Mapped[str | None] = mapped_column(String(120))
    prompt_version: Mapped[str] = mapped_column(String(80))
    input_tokens: Mapped[int] = mapped_column(default=0)
    cached_tokens: Mapped[int] = mapped_column(default=0)
    output_tokens: Mapped[int] = mapped_column(default=0)
    reasoning_tokens: Mapped[int] = mapped_column(default=0)
    reserved_usd: Mapped[Decimal] = mapped_column(Numeric(12, 6), default=Decimal(0))
    cost_usd: Mapped[Decimal | None] = mapped_column(Numeric(12, 6))
    price_version: Mapped[str | None] = mapped_column(String(80))
    latency_seconds: Mapped[Decimal | None] = mapped_column(Numeric(12, 6))
    finish_reason: Mapped[str | None] = mapped_column(String(60))
    error: Mapped[str | None]
    started_at: Mapped[datetime] = mapped_column(default=utc_now)
    ended_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_model_call_started", "started_at"), Index("ix_model_call_ended", "ended_at"))


class Signature(Base):
    """A clinician's signature: name, time, meaning, bound to the hash of content and source versions."""

    __tablename__ = "signature"
    id: Mapped[Id]
    report_id: Mapped[int] = mapped_column(unique=True)
    account_id: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    meaning: Mapped[str] = mapped_column(String(200))
    content_hash: Mapped[str] = mapped_column(String(64))
    signed_at: Mapped[datetime] = mapped_column(default=utc_now)
    # By core/sources/signature_proof.py; missing in signatures from before there was a key.
    evidence_hash: Mapped[str | None] = mapped_column(String(64))
    proof: Mapped[str | None] = mapped_column(String(88))


class ReportEvent(Base):
    """A report's move from one state to another: when, and why."""

    __tablename__ = "report_event"
    id: Mapped[Id]
    report_id: Mapped[int] = mapped_column(index=True)
    from_state: Mapped[Code | None]
    to_state: Mapped[Code]
    reason: Mapped[str | None]
    at: Mapped[datetime] = mapped_column(default=utc_now)
