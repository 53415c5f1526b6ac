"""Alerts as kept: which are firing, and those that have fired."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Alert

HISTORY_MAX = 200


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
    query = select(Alert).order_by(Alert.cleared_at.is_not(None), Alert.fired_at.desc(), Alert.id.desc())
    return [_view(alert) for alert in session.scalars(query.limit(limit))]


def one(session: Session, alert_id: int) -> AlertView | None:
    """One alert."""
    alert = session.get(Alert, alert_id)
    return None if alert is None else _view(alert)


def _view(alert: Alert) -> AlertView:
    return AlertView(
        alert.id, alert.rule, alert.value, alert.threshold, alert.samples, alert.fired_at, alert.cleared_at
    )
