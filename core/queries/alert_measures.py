"""What alert rules measure: a value and how many samples it rests on; None where there is nothing to measure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Float, case, cast, func, or_, select
from sqlalchemy.orm import Session

from core.engines.functions import percentile, ranked, seconds_between
from core.models import (
    ArchiveRun,
    Claim,
    DayBudget,
    Decision,
    EvalRun,
    ModelCall,
    OutboxMessage,
    Report,
    ReportState,
    RunState,
)
from core.models.record_types import RECORD_TYPES
from core.queries import load_figures, strangers, tiers
from core.queries.alerts import evaluated
from core.stores import databases, policy_violations, redis
from core.stores.replica_watch import watch

NEVER_SECONDS = 1e9


class Measured(NamedTuple):
    """A value in its rule's unit, and on how many samples it rests."""

    value: float
    samples: int


def cost_per_report(session: Session, since: datetime) -> Measured | None:
    """Mean US dollars of the reports for which a model was called since then."""
    usd = func.sum(func.coalesce(ModelCall.cost_usd, ModelCall.reserved_usd))
    each = select(usd.label("usd")).where(ModelCall.started_at >= since).group_by(ModelCall.report_id).subquery()
    return _measured(session, func.avg(each.c.usd), func.count(each.c.usd))


def day_budget_used(session: Session, since: datetime) -> Measured | None:
    """Share of today's budget (UTC) that is spent or reserved."""
    most = databases.current().settings.day_budget_usd
    day = session.get(DayBudget, datetime.now(UTC).date())
    if day is None or not most:
        return None
    return Measured(float((day.spent_usd + day.reserved_usd) / most), 1)


def seconds_p95(session: Session, since: datetime) -> Measured | None:
    """95th percentile of the seconds from request to ready."""
    return _latency(session, since, 0.95)


def seconds_p99(session: Session, since: datetime) -> Measured | None:
    """99th percentile of the seconds from request to ready."""
    return _latency(session, since, 0.99)


def _latency(session: Session, since: datetime, share: float) -> Measured | None:
    seconds = seconds_between(Report.requested_at, Report.ready_at)
    those = ranked(select(Report.id).where(Report.ready_at >= since), seconds)
    return _measured(session, percentile(share, those), func.count())


def failed_reports(session: Session, since: datetime) -> Measured | None:
    """Share of reports asked for since then that failed."""
    failed = case((Report.state == ReportState.FAILED, 1.0), else_=0.0)
    return _measured(session, func.avg(failed), func.count(), Report.requested_at >= since)


def pass_rate(session: Session, since: datetime) -> Measured | None:
    """Pass rate of the last fact-check evaluation."""
    last = _last_run(session, "factcheck", since)
    return None if last is None else Measured(float(last.figures.get("pass_rate") or 0.0), 1)


def evaluations_fallen(session: Session, since: datetime) -> Measured | None:
    """How many suites' last evaluation did not reach the suite's bar, or was worse than the run before it."""
    suites = session.scalars(select(EvalRun.suite).where(EvalRun.ran_at >= since).distinct()).all()
    last = [run for suite in suites if (run := _last_run(session, suite, since)) is not None]
    return Measured(float(sum(not run.passed for run in last)), len(last)) if last else None


def injection_hits(session: Session, since: datetime) -> Measured | None:
    """How many planted instructions had an effect in the last evaluation."""
    last = _last_run(session, "injection", since)
    return None if last is None else Measured(float(last.figures.get("hits") or 0), 1)


def _last_run(session: Session, suite: str, since: datetime) -> EvalRun | None:
    query = select(EvalRun).where(EvalRun.suite == suite, EvalRun.ran_at >= since)
    return session.scalar(query.order_by(EvalRun.ran_at.desc(), EvalRun.id.desc()).limit(1))


def flagged_share(session: Session, since: datetime) -> Measured | None:
    """Share of the claims of drafts that became ready since then that were flagged."""
    drafted = select(Report.id).where(Report.ready_at >= since)
    standing = (Claim.report_id.in_(drafted), Claim.replaced_by.is_(None))
    return _measured(session, func.avg(case((Claim.flagged, 1.0), else_=0.0)), func.count(), *standing)


def reviewers_disagree(session: Session, since: datetime) -> Measured | None:
    """Share of signed reports in which the clinician edited or rejected a claim, or accepted a flagged one."""
    signed = select(Report.id).where(Report.state == ReportState.SIGNED, Report.closed_at >= since)
    reports = session.scalar(select(func.count()).select_from(signed.subquery())) or 0
    against = or_(Claim.decision.in_((Decision.EDITED, Decision.REJECTED)), Claim.flagged)
    touched = select(func.count(Claim.report_id.distinct())).where(
        Claim.report_id.in_(signed), Claim.decided_by.is_not(None), against
    )
    return Measured((session.scalar(touched) or 0) / reports, reports) if reports else None


def failed_runs(session: Session, since: datetime) -> Measured | None:
    """How many archive runs have failed and wait for somebody."""
    failed = session.scalar(select(func.count()).where(ArchiveRun.state == RunState.FAILED)) or 0
    return Measured(float(failed), 1)


def days_overdue(session: Session, since: datetime) -> Measured | None:
    """Days since the oldest root that a run would move became cold, over all record types."""
    return Measured(tiers.days_overdue(session), len(RECORD_TYPES))


def replica_lag(session: Session, since: datetime) -> Measured | None:
    """Seconds by which the replica is behind; a very long time if it does not answer."""
    state = watch.state()
    return Measured(state.lag_seconds if state.answers else NEVER_SECONDS, 1)


def busiest_processor(session: Session, since: datetime) -> Measured | None:
    """The share of its processors that the busiest machine or server used since then."""
    return _most(session, since, "cpu")


def fullest_memory(session: Session, since: datetime) -> Measured | None:
    """The share of its memory that the fullest machine or server used since then."""
    return _most(session, since, "memory")


def fullest_disk(session: Session, since: datetime) -> Measured | None:
    """The share of the fullest disk that is used."""
    return _most(session, since, "disk")


def most_disk_operations(session: Session, since: datetime) -> Measured | None:
    """The most disk operations a second of a machine or server since then."""
    return _most(session, since, "iops")


def disk_days_left(session: Session, since: datetime) -> Measured | None:
    """Days until the first disk is full, if disks fill as they did; None if none fills."""
    left = load_figures.least_days_left(session, datetime.now(UTC))
    return None if left is None else Measured(left, 1)


def _most(session: Session, since: datetime, name: str) -> Measured | None:
    values = [named[name] for named in load_figures.lately(session, since, (name,)).values()]
    return Measured(max(values), len(values)) if values else None


def strangers_shown(session: Session, since: datetime) -> Measured | None:
    """The most people outside their care whose names one account was shown since then; none at all is well."""
    counts = [len(patients) for patients in strangers.shown(session, since).values()]
    return Measured(float(max(counts, default=0)), max(len(counts), 1))


def policy_violations_counted(session: Session, since: datetime) -> Measured | None:
    """How many violations of pages' content security policies browsers reported, yesterday and today."""
    found = policy_violations.counts(redis.client(), datetime.now(UTC))
    return None if found is None else Measured(float(sum(found.values())), 1)


def queue_age(session: Session, since: datetime) -> Measured | None:
    """Seconds for which the oldest due job has been waiting."""
    oldest = session.scalar(select(func.min(OutboxMessage.due_at)).where(OutboxMessage.done_at.is_(None)))
    waited = (datetime.now(UTC) - oldest).total_seconds() if oldest is not None else 0.0
    return Measured(max(waited, 0.0), 1)


def seconds_since_evaluated(session: Session, since: datetime) -> Measured | None:
    """Seconds since all rules were last measured; None if they never were."""
    at = evaluated(session).at
    return None if at is None else Measured((datetime.now(UTC) - at).total_seconds(), 1)


def _measured(
    session: Session, value: ColumnElement[object], samples: ColumnElement[int], *where: ColumnElement[bool]
) -> Measured | None:
    found, many = session.execute(select(cast(value, Float), samples).where(*where)).one()
    return None if found is None else Measured(float(found), int(many))
