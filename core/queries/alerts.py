"""Alerts as kept: which are firing, and those that have fired."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from core.models import Alert, ScheduleMark, utc_now

HISTORY_MAX = 200
# The evaluation's name in the schedule, the mark that it leaves, and the age after which it counts as stopped.
SCHEDULED_AS, EVALUATED, LATELY = "evaluate alerts", "alerts evaluated", timedelta(minutes=5)


@dataclass(frozen=True)
class AlertView:
    """One alert; `cleared_at` is None while it is firing."""

    id: int
    rule: str
    value: float
    threshold: float
    samples: int
    fired_at: datetime
    cleared_at: datetime | None

    def as_json(self) -> dict[str, Any]:
        """As `strata alerts history --json` lists it."""
        cleared = self.cleared_at.isoformat() if self.cleared_at else None
        return {**self.__dict__, "fired_at": self.fired_at.isoformat(), "cleared_at": cleared}


def history(session: Session, limit: int = HISTORY_MAX) -> list[AlertView]:
    """Alerts, those that are firing first, then the newest."""
    query = select(Alert).order_by(
        case((Alert.cleared_at.is_not(None), 1), else_=0), Alert.fired_at.desc(), Alert.id.desc()
    )
    return [_view(alert) for alert in session.scalars(query.limit(limit))]


def firing(session: Session) -> dict[str, AlertView]:
    """The alerts that are firing now, by their rule."""
    query = select(Alert).where(Alert.cleared_at.is_(None)).order_by(Alert.id)
    return {alert.rule: _view(alert) for alert in session.scalars(query)}


@dataclass(frozen=True)
class Evaluated:
    """When the rules were last measured, all of them; None if never. `is_late`: the absence of alerts means nothing."""

    at: datetime | None
    is_late: bool


def evaluated(session: Session) -> Evaluated:
    """When the rules were last measured: not when a job for it was queued."""
    mark = session.get(ScheduleMark, EVALUATED)
    at = mark.started_at if mark is not None else None
    return Evaluated(at, at is None or at <= utc_now() - LATELY)


def one(session: Session, alert_id: int) -> AlertView | None:
    """One alert."""
    alert = session.get(Alert, alert_id)
    return None if alert is None else _view(alert)


def _view(alert: Alert) -> AlertView:
    return AlertView(
        alert.id, alert.rule, alert.value, alert.threshold, alert.samples, alert.fired_at, alert.cleared_at
    )
