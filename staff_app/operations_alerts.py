"""The alert rules as the operations page shows them, and the limits that they draw into its figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.queries.alert_measures import NEVER_SECONDS
from core.queries.alerts import AlertView
from core.services.alerting import RULES, Rule
from core.web.drawings.plot_rows import took
from core.web.drawings.plots import Limit
from core.web.filters import count, duration, number
from staff_app.operations_figures import percent, usd

MANY = 1000
ONE = {timedelta(days=1): "day", timedelta(hours=1): "hour"}
WRITERS = {"US$": usd, "share": percent, "s": took}


@dataclass(frozen=True)
class AlertLine:
    """A rule in words; `since` and `value` are those of the alert that fires now, None while none does."""

    name: str
    says: str
    fires: str
    looks_at: str
    runbook: str
    since: datetime | None
    value: str | None


def alert_lines(firing: Mapping[str, AlertView]) -> list[AlertLine]:
    """Every rule, those that fire first."""
    lines = [_line(rule, firing.get(rule.name)) for rule in RULES]
    return sorted(lines, key=lambda line: line.since is None)


def limits(*names: str, of: str = "") -> list[Limit]:
    """What the named rules draw into a figure; `of` is the series that they are about, where it has several."""
    return [Limit(rule.threshold, rule.below, of) for rule in RULES if rule.name in names]


def amount(value: float, unit: str) -> str:
    """A measured value in its rule's unit: `$0.25`, `12 %`, `2 min`, `3.5 days`, `28,675 days`."""
    if unit == "s" and value >= NEVER_SECONDS:
        return "no answer"
    writer = WRITERS.get(unit)
    if writer:
        return writer(value)
    return f"{count(round(value)) if value >= MANY else number(round(value, 1))} {unit}"


def amounts(history: Sequence[AlertView]) -> list[tuple[AlertView, str]]:
    """Past alerts with what was measured when they fired, in words."""
    units = {rule.name: rule.unit for rule in RULES}
    return [(alert, amount(alert.value, units.get(alert.rule, ""))) for alert in history]


def _line(rule: Rule, alert: AlertView | None) -> AlertLine:
    return AlertLine(
        name=rule.name,
        says=rule.says,
        fires=f"{'below' if rule.below else 'above'} {amount(rule.threshold, rule.unit)}",
        looks_at=_looks_at(rule),
        runbook=rule.runbook.removesuffix(".md"),
        since=alert.fired_at if alert else None,
        value=amount(alert.value, rule.unit) if alert else None,
    )


def _looks_at(rule: Rule) -> str:
    if not rule.window:
        return "now"
    days = rule.window // timedelta(days=1)
    few = f", if {rule.samples_min} or more" if rule.samples_min > 1 else ""
    one = ONE.get(rule.window)
    return f"last {one or (f'{days} days' if days else duration(rule.window.total_seconds()))}{few}"
