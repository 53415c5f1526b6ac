"""Figures for whoever runs the system: reports, models, queue. Counts and costs, never a patient's data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import extract, func, select
from sqlalchemy.orm import Session

from core.models import ModelCall, OutboxMessage, Report, ReportState, utc_now

LATENCY_DAYS = 30


@dataclass(frozen=True)
class ModelUse:
    """What one answering model with one prompt version was used for; cost in US dollars, latency in seconds."""

    model: str
    prompt_version: str
    role: str
    calls: int
    failed: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_usd: Decimal
    unpriced: int
    latency_seconds: Decimal | None


@dataclass(frozen=True)
class Latency:
    """Seconds from request to ready, over the last LATENCY_DAYS days; None without reports."""

    reports: int
    p50_seconds: float | None
    p95_seconds: float | None


@dataclass(frozen=True)
class QueueState:
    """Messages in the outbox that have not run, by queue, and since when the oldest is due."""

    queue: str
    waiting: int
    retried: int
    oldest_due_at: datetime | None


@dataclass(frozen=True)
class Figures:
    """All of it; report states in their order, each with its count."""

    report_states: tuple[tuple[str, int], ...]
    models: tuple[ModelUse, ...]
    latency: Latency
    queues: tuple[QueueState, ...]


def figures(session: Session) -> Figures:
    """Every figure, from one snapshot."""
    return Figures(_states(session), _models(session), _latency(session), _queues(session))


def _states(session: Session) -> tuple[tuple[str, int], ...]:
    query = select(Report.state, func.count()).group_by(Report.state)
    counts = {row[0]: row[1] for row in session.execute(query)}
    return tuple((state.value, counts.get(state, 0)) for state in ReportState)


def _models(session: Session) -> tuple[ModelUse, ...]:
    model = func.coalesce(ModelCall.answering_model, ModelCall.requested_model).label("model")
    query = select(
        model,
        ModelCall.prompt_version,
        ModelCall.role,
        func.count().label("calls"),
        func.count(ModelCall.error).label("failed"),
        func.sum(ModelCall.input_tokens).label("input_tokens"),
        func.sum(ModelCall.cached_tokens).label("cached_tokens"),
        func.sum(ModelCall.output_tokens).label("output_tokens"),
        func.coalesce(func.sum(ModelCall.cost_usd), Decimal(0)).label("cost_usd"),
        (func.count() - func.count(ModelCall.cost_usd)).label("unpriced"),
        func.avg(ModelCall.latency_seconds).label("latency_seconds"),
    ).group_by(model, ModelCall.prompt_version, ModelCall.role)
    rows = session.execute(query.order_by(model, ModelCall.prompt_version, ModelCall.role)).mappings()
    return tuple(ModelUse(**{str(name): value for name, value in row.items()}) for row in rows)


def _latency(session: Session) -> Latency:
    seconds = extract("epoch", Report.ready_at - Report.requested_at)
    query = select(
        func.count(),
        func.percentile_cont(0.5).within_group(seconds),
        func.percentile_cont(0.95).within_group(seconds),
    ).where(Report.ready_at.is_not(None), Report.requested_at >= utc_now() - timedelta(days=LATENCY_DAYS))
    count, p50, p95 = session.execute(query).one()
    return Latency(count, _seconds(p50), _seconds(p95))


def _queues(session: Session) -> tuple[QueueState, ...]:
    query = (
        select(
            OutboxMessage.queue,
            func.count(),
            func.count().filter(OutboxMessage.enqueues > 1),
            func.min(OutboxMessage.due_at),
        )
        .where(OutboxMessage.done_at.is_(None))
        .group_by(OutboxMessage.queue)
        .order_by(OutboxMessage.queue)
    )
    return tuple(QueueState(*row) for row in session.execute(query))


def _seconds(value: Decimal | float | None) -> float | None:
    return None if value is None else float(value)
