"""Figures for the people who run the system: reports, models, queue. Counts and costs, never a patient's data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from core.models import ModelCall, OutboxMessage, Report, ReportState


@dataclass(frozen=True)
class ModelUse:
    """What one answering model with one prompt version was used for; cost in US dollars, latency in seconds."""

    model: str
    prompt_version: str
    role: str
    reports: int
    calls: int
    failed: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_usd: Decimal
    unpriced: int
    latency_seconds: Decimal | None

    @property
    def version(self) -> str:
        return f"{self.model}, {self.role}, {self.prompt_version}"

    @property
    def usd(self) -> float:
        return float(self.cost_usd)

    @property
    def usd_per_report(self) -> float:
        return self.usd / self.reports


@dataclass(frozen=True)
class QueueState:
    """Messages in the outbox that have not run, by queue, and since when the oldest is due."""

    queue: str
    waiting: int
    retried: int
    oldest_due_at: datetime | None


@dataclass(frozen=True)
class Figures:
    """All figures: report states in their order, each with its count; models since the time asked for."""

    report_states: tuple[tuple[str, int], ...]
    models: tuple[ModelUse, ...]
    queues: tuple[QueueState, ...]


def figures(session: Session, since: datetime) -> Figures:
    """Every figure, from one snapshot. A heavy read."""
    return Figures(_states(session), models(session, since), queues(session))


def _states(session: Session) -> tuple[tuple[str, int], ...]:
    query = select(Report.state, func.count()).group_by(Report.state)
    counts = {row[0]: row[1] for row in session.execute(query)}
    return tuple((state.value, counts.get(state, 0)) for state in ReportState)


def models(session: Session, since: datetime) -> tuple[ModelUse, ...]:
    """What each answering model with each prompt version was used for since then."""
    model = func.coalesce(ModelCall.answering_model, ModelCall.requested_model).label("model")
    query = select(
        model,
        ModelCall.prompt_version,
        ModelCall.role,
        func.count(ModelCall.report_id.distinct()).label("reports"),
        func.count().label("calls"),
        func.count(ModelCall.error).label("failed"),
        func.sum(ModelCall.input_tokens).label("input_tokens"),
        func.sum(ModelCall.cached_tokens).label("cached_tokens"),
        func.sum(ModelCall.output_tokens).label("output_tokens"),
        func.coalesce(func.sum(ModelCall.cost_usd), Decimal(0)).label("cost_usd"),
        (func.count() - func.count(ModelCall.cost_usd)).label("unpriced"),
        func.avg(ModelCall.latency_seconds).label("latency_seconds"),
    ).where(ModelCall.started_at >= since)
    query = query.group_by(model, ModelCall.prompt_version, ModelCall.role)
    rows = session.execute(query.order_by(model, ModelCall.prompt_version, ModelCall.role)).mappings()
    return tuple(ModelUse(**{str(name): value for name, value in row.items()}) for row in rows)


def queues(session: Session) -> tuple[QueueState, ...]:
    """Every queue in which something waits."""
    query = (
        select(
            OutboxMessage.queue,
            func.count(),
            func.count(case((OutboxMessage.enqueues > 1, 1))),
            func.min(OutboxMessage.due_at),
        )
        .where(OutboxMessage.done_at.is_(None))
        .group_by(OutboxMessage.queue)
        .order_by(OutboxMessage.queue)
    )
    return tuple(QueueState(*row) for row in session.execute(query))
