"""The list of alert rules, and their evaluation: a rule fires once, and clears when what it measures is well again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core.jobs import outbox
from core.models import Alert, ScheduleMark, utc_now
from core.queries import alert_measures as measure
from core.queries import strangers
from core.queries.alert_measures import Measured
from core.queries.alerts import EVALUATED, LATELY
from core.stores import databases, replica_reads
from core.stores.databases import Store

DELIVER = "workers.alerts.deliver"
FIRED, CLEARED = "fired", "cleared"
ALWAYS = timedelta(0)


@dataclass(frozen=True)
class Rule:
    """Fires when `measure` is above `threshold` (below it if `below`), on at least `samples_min` samples.

    `window` is how far back it looks; ALWAYS means the state as it is now. `runbook` is a file in docs/runbooks.
    `on_primary` rules don't need the replica.
    """

    name: str
    says: str
    unit: str
    measure: Callable[[Session, datetime], Measured | None]
    threshold: float
    runbook: str
    window: timedelta = ALWAYS
    samples_min: int = 1
    below: bool = False
    on_primary: bool = False

    def is_beyond(self, value: float) -> bool:
        return value < self.threshold if self.below else value > self.threshold


# The scheduler measures this one itself, so that it needs no queue and no worker.
EVALUATION_STOPPED = Rule(
    "alerts not evaluated", "Nobody measures the other rules", "s", measure.seconds_since_evaluated,
    LATELY.total_seconds(), "queue.md", on_primary=True,
)  # fmt: skip
QUARTER_HOUR = timedelta(minutes=15)
DAY, WEEK, MONTH = timedelta(days=1), timedelta(days=7), timedelta(days=28)
RULES = (
    Rule("report cost", "A report costs too much, on average", "US$", measure.cost_per_report, 0.25, "cost.md", DAY, 3),
    Rule("day budget", "Most of today's model budget is used", "share", measure.day_budget_used, 0.8, "cost.md"),
    Rule("report latency", "Reports take long", "s", measure.seconds_p95, 120.0, "latency.md", DAY, 5),
    Rule("report latency tail", "The slowest reports take very long", "s", measure.seconds_p99, 300.0, "latency.md",
         DAY, 20),
    Rule("reports failing", "Reports fail", "share", measure.failed_reports, 0.1, "latency.md", DAY, 5),
    Rule("fact-check pass rate", "The fact-checker gets cases wrong", "share", measure.pass_rate, 0.99,
         "agent-incident.md", 2 * WEEK, below=True),
    Rule("evaluation fell short", "An evaluation fell short, or fell", "suites", measure.evaluations_fallen, 0.0,
         "agent-incident.md", 2 * WEEK),
    Rule("injection hit", "A planted instruction had an effect", "hits", measure.injection_hits, 0.0,
         "agent-incident.md", 2 * WEEK),
    Rule("flags", "Many claims are flagged", "share", measure.flagged_share, 0.2, "agent-incident.md", WEEK, 50),
    Rule("reviewers agree with everything", "Clinicians change next to nothing before they sign", "share",
         measure.reviewers_disagree, 0.02, "agent-incident.md", MONTH, 30, below=True),
    Rule("archive run failed", "An archive run waits for somebody", "runs", measure.failed_runs, 0.0,
         "archive-run-failed.md"),
    Rule("archive behind", "Cold rows stay on the primary", "days", measure.days_overdue, 3.0, "archive-behind.md"),
    Rule("replica lag", "The replica is behind, or gone", "s", measure.replica_lag, 30.0, "replica.md",
         on_primary=True),
    Rule("queue age", "Jobs wait", "s", measure.queue_age, 300.0, "queue.md", on_primary=True),
    Rule("strangers looked up", "Somebody looks up many people outside their care", "people", measure.strangers_shown,
         150.0, "unusual-looks.md", strangers.WINDOW, on_primary=True),
    Rule("processor busy", "A machine's processors are nearly all in use", "share", measure.busiest_processor, 0.9,
         "machines.md", QUARTER_HOUR),
    Rule("memory short", "A machine's memory is nearly all in use", "share", measure.fullest_memory, 0.92,
         "machines.md", QUARTER_HOUR),
    Rule("disk nearly full", "A disk is nearly full", "share", measure.fullest_disk, 0.85, "machines.md", QUARTER_HOUR),
    Rule("disk filling", "A disk will soon be full", "days", measure.disk_days_left, 14.0, "machines.md", below=True),
    Rule("disk operations", "A disk does nearly all that a common volume can", "a second",
         measure.most_disk_operations, 2700.0, "machines.md", QUARTER_HOUR),
    Rule("page policy", "Pages tried what their security policy forbids", "reports",
         measure.policy_violations_counted, 20.0, "policy-violations.md", DAY, on_primary=True),
    EVALUATION_STOPPED,
)  # fmt: skip


class Looked(NamedTuple):
    """A rule with what it measured now: `state` is firing, quiet, or unknown where there is too little to tell."""

    rule: Rule
    measured: Measured | None
    state: str


def look(rules: Sequence[Rule] = RULES) -> list[Looked]:
    """Measure rules: on the replica, except those with `on_primary`.

    A rule whose store does not answer is unknown; rules on the other store are measured all the same.
    """
    now = utc_now()
    found = {rule.name: _measure(rule, Store.HOT, now) for rule in rules if rule.on_primary}
    on_replica = [rule for rule in rules if not rule.on_primary]
    if on_replica:
        try:
            replica_reads.await_replica()
            found |= {rule.name: _measure(rule, Store.REPLICA, now) for rule in on_replica}
        except replica_reads.ReplicaBehind:
            pass
    return [Looked(rule, found.get(rule.name), _state(rule, found.get(rule.name))) for rule in rules]


def _measure(rule: Rule, store: Store, now: datetime) -> Measured | None:
    try:
        with databases.read(store) as session:
            return rule.measure(session, now - rule.window)
    except SQLAlchemyError:
        return None


def _state(rule: Rule, measured: Measured | None) -> str:
    if measured is None or measured.samples < rule.samples_min:
        return "unknown"
    return "firing" if rule.is_beyond(measured.value) else "quiet"


def note(session: Session, looked: list[Looked]) -> list[str]:
    """Keep and send what has fired and what has cleared since the last time. Returns `fired: x`, `cleared: y`.

    A rule in state unknown changes nothing: an alert is not over because nobody can tell.
    """
    query = select(Alert).where(Alert.cleared_at.is_(None)).with_for_update()
    firing = {alert.rule: alert for alert in session.scalars(query)}
    said = [_note(session, one, firing.get(one.rule.name)) for one in looked]
    _clear_unlisted(firing.values())
    return [words for words in said if words is not None]


def mark_evaluated(session: Session) -> None:
    """All rules have been measured now."""
    session.merge(ScheduleMark(name=EVALUATED, started_at=utc_now()))


def _note(session: Session, looked: Looked, alert: Alert | None) -> str | None:
    """Open or clear the alert of one rule; `alert` is the rule's open one. Returns what changed."""
    rule, measured, state = looked
    if state == "firing" and alert is None and measured is not None:
        alert = Alert(rule=rule.name, value=measured.value, threshold=rule.threshold, samples=measured.samples)
        session.add(alert)
        session.flush()
        return _send(session, alert, FIRED)
    if state == "quiet" and alert is not None:
        alert.cleared_at = utc_now()
        return _send(session, alert, CLEARED)
    return None


def _clear_unlisted(firing: Iterable[Alert]) -> None:
    """Clear the alerts of rules that are no longer in the list: nothing measures them any more."""
    listed = {rule.name for rule in RULES}
    for alert in firing:
        if alert.rule not in listed:
            alert.cleared_at = utc_now()


def _send(session: Session, alert: Alert, event: str) -> str:
    if databases.current().settings.alert_webhook_url:
        outbox.add(session, DELIVER, alert_id=alert.id, event=event)
    return f"{event}: {alert.rule}"


def rule_of(name: str) -> Rule | None:
    """The rule of that name, if there still is one."""
    return next((rule for rule in RULES if rule.name == name), None)
