"""How the report loop did, bucket by bucket: cost, latency by phase, flags, review. Never a patient's data.

These are heavy reads: give them a session on the replica.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Float, SQLColumnExpression, Subquery, and_, case, cast, func, or_, select
from sqlalchemy.orm import Session

from core.engines.functions import percentile, ranked, seconds_between, utc_day, utc_week
from core.models import Check, Claim, Decision, ModelCall, Report, ReportEvent, ReportState
from core.queries.reports.figures import PHASES
from core.verification import Reader

WINDOWS_DAYS = (7, 28, 90)
WEEKLY_FROM_DAYS = 90
REVIEWED = (ReportState.SIGNED, ReportState.REJECTED)
SHARES = (0.5, 0.95, 0.99)
Column = SQLColumnExpression[Any]


@dataclass(frozen=True)
class Span:
    """The time that figures cover, to its `last` day, in buckets: days in UTC, or ISO weeks by their Mondays."""

    days: int
    last: date
    bucket: str
    starts: tuple[date, ...]

    @property
    def since(self) -> datetime:
        return datetime.combine(self.starts[0], time(), UTC)

    @property
    def until(self) -> datetime:
        return datetime.combine(self.last + timedelta(days=1), time(), UTC)

    def holds(self, at: Column) -> ColumnElement[bool]:
        """Whether it was in the span: what lies in days to come is in no bucket."""
        return and_(at >= self.since, at < self.until)


def span(days: int, today: date) -> Span:
    """The last `days` days up to `today`, in days; from WEEKLY_FROM_DAYS on, in the weeks that they touch."""
    first = today - timedelta(days=days - 1)
    if days < WEEKLY_FROM_DAYS:
        return Span(days, today, "day", tuple(first + timedelta(days=n) for n in range(days)))
    first -= timedelta(days=first.weekday())
    weeks = (today - first).days // 7 + 1
    return Span(days, today, "week", tuple(first + timedelta(weeks=n) for n in range(weeks)))


@dataclass(frozen=True)
class Cost:
    """US dollars of the reports whose first call was in a bucket."""

    reports: int
    mean_usd: float
    p95_usd: float
    total_usd: float


@dataclass(frozen=True)
class Times:
    """How many were timed, and the seconds within which 50, 95 and 99 percent of them ended."""

    many: int
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True)
class Flags:
    """Claims of the reports that became ready; `overrides` are flagged ones that a clinician accepted as they were.

    `alone` are those that the fact-checker supports and code does not, by its own reading or by the fact-checker's.
    """

    reports: int
    claims: int
    flagged: int
    decided: int
    overrides: int
    alone: int = 0

    @property
    def flagged_share(self) -> float | None:
        return self.flagged / self.claims if self.claims else None

    @property
    def override_share(self) -> float | None:
        """Of the flagged claims that were decided."""
        return self.overrides / self.decided if self.decided else None


@dataclass(frozen=True)
class LoopFigures:
    """All figures of a span, without buckets in which nothing happened. `phases` are in order, over the whole span."""

    span: Span
    costs: Mapping[date, Cost]
    latencies: Mapping[date, Times]
    phases: Mapping[str, Times]
    flags: Mapping[date, Flags]
    reviews: Mapping[date, Times]


def loop_figures(session: Session, over: Span) -> LoopFigures:
    """Every figure, from one snapshot."""
    return LoopFigures(
        over,
        costs(session, over),
        latencies(session, over),
        phases(session, over),
        flags(session, over),
        reviews(session, over),
    )


def costs(session: Session, over: Span) -> dict[date, Cost]:
    """What reports cost, by the bucket of their first call; a call without a cost counts its reservation."""
    each = (
        select(
            func.min(ModelCall.started_at).label("at"),
            cast(func.sum(func.coalesce(ModelCall.cost_usd, ModelCall.reserved_usd)), Float).label("usd"),
        )
        .group_by(ModelCall.report_id)
        .having(over.holds(func.min(ModelCall.started_at)))
        .subquery()
    )
    start = _start(each.c.at, over)
    those = ranked(select(start.label("start")), each.c.usd, start)
    value, in_order = those.c.value, those.c.start
    query = select(in_order, func.count(), func.avg(value), percentile(0.95, those), func.sum(value))
    found = session.execute(query.group_by(in_order).order_by(in_order))
    return {row[0]: Cost(row[1], *(float(usd) for usd in row[2:])) for row in found}


def latencies(session: Session, over: Span) -> dict[date, Times]:
    """From request to ready, by the bucket in which reports became ready."""
    seconds = seconds_between(Report.requested_at, Report.ready_at)
    return _timed(session, Report.ready_at, seconds, over)


def reviews(session: Session, over: Span) -> dict[date, Times]:
    """From ready to signed or rejected, by the bucket of the end."""
    seconds = seconds_between(Report.ready_at, Report.closed_at)
    return _timed(session, Report.closed_at, seconds, over, Report.state.in_(REVIEWED), Report.ready_at.is_not(None))


def phases(session: Session, over: Span) -> dict[str, Times]:
    """Seconds in each phase, over all rounds, of reports that became ready in the span; then review, of closed ones."""
    until = func.lead(ReportEvent.at).over(partition_by=ReportEvent.report_id, order_by=ReportEvent.id)
    spent = (
        select(ReportEvent.report_id, ReportEvent.to_state, seconds_between(ReportEvent.at, until).label("seconds"))
        .join(Report, Report.id == ReportEvent.report_id)
        .where(over.holds(Report.ready_at))
        .subquery()
    )
    each = (
        select(spent.c.to_state, func.sum(spent.c.seconds).label("seconds"))
        .where(spent.c.to_state.in_(PHASES), spent.c.seconds.is_not(None))
        .group_by(spent.c.report_id, spent.c.to_state)
        .subquery()
    )
    state = each.c.to_state
    those = ranked(select(state.label("state")), each.c.seconds, state)
    query = select(those.c.state, *_times(those)).group_by(those.c.state)
    found = {PHASES[ReportState(row[0])]: _as_times(row[1:]) for row in session.execute(query)}
    in_order = {phase: found[phase] for phase in PHASES.values() if phase in found}
    reviewed = (Report.state.in_(REVIEWED), Report.ready_at.is_not(None), over.holds(Report.closed_at))
    those = ranked(select(Report.id).where(*reviewed), seconds_between(Report.ready_at, Report.closed_at))
    reviewed_in = session.execute(select(*_times(those))).one()
    return {**in_order, "review": _as_times(reviewed_in)} if reviewed_in[0] else in_order


def flags(session: Session, over: Span) -> dict[date, Flags]:
    """Claims and decisions, by the bucket in which their reports became ready."""
    start = _start(Report.ready_at, over)
    standing = Claim.replaced_by.is_(None)
    decided = and_(Claim.flagged, Claim.decided_by.is_not(None))
    of_code = and_(Check.checker == "code", Check.verdict == "supported")
    of_reader = and_(Check.checker == "reader", Check.verdict == str(Reader.PROVED))
    by_code = select(Check.claim_id).where(or_(of_code, of_reader)).distinct().subquery()
    alone = and_(standing, Claim.flagged.is_(False), Claim.verdict == "supported", by_code.c.claim_id.is_(None))
    query = (
        select(
            start,
            func.count(Report.id.distinct()),
            func.count(case((standing, 1))),
            func.count(case((and_(standing, Claim.flagged), 1))),
            func.count(case((decided, 1))),
            func.count(case((and_(decided, Claim.decision == Decision.ACCEPTED), 1))),
            func.count(case((alone, 1))),
        )
        .join(Claim, Claim.report_id == Report.id)
        .outerjoin(by_code, by_code.c.claim_id == Claim.id)
        .where(over.holds(Report.ready_at))
        .group_by(start)
    )
    return {row[0]: Flags(*row[1:]) for row in session.execute(query.order_by(start))}


def _timed(session: Session, at: Column, seconds: Column, over: Span, *where: Column) -> dict[date, Times]:
    start = _start(at, over)
    those = ranked(select(start.label("start")).where(over.holds(at), *where), seconds, start)
    query = select(those.c.start, *_times(those)).group_by(those.c.start).order_by(those.c.start)
    return {row[0]: _as_times(row[1:]) for row in session.execute(query)}


def _times(those: Subquery) -> tuple[Column, ...]:
    return (func.count(), *(percentile(share, those) for share in SHARES))


def _as_times(row: Sequence[Any]) -> Times:
    many, *seconds = row
    return Times(many, *(float(value) for value in seconds))


def _start(at: Column, over: Span) -> Column:
    return utc_day(at) if over.bucket == "day" else utc_week(at)
