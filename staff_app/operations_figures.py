"""The figures of the operations page: each a drawing, the table that says the same, and the rules that watch it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from markupsafe import Markup

from core.queries.evaluations import Week
from core.queries.loop_figures import LoopFigures, Span, Times
from core.queries.operations import ModelUse
from core.web.drawings.plot_rows import Bar, Percentiles, bars, spans, took
from core.web.drawings.plots import TIME_STEPS, Limit, Series, lines
from core.web.filters import count

NO_CALL = "No model was called in this time."
NONE_READY = "No report became ready in this time."
PERCENTILES = ("p50", "p95", "p99")
EVAL_WEEKS_MIN = 8
Rows = Sequence[Sequence[str]]
# The limits to draw for the rules that are named.
Limits = Callable[..., list[Limit]]


@dataclass(frozen=True)
class Figure:
    """One figure. `head` and `rows` are its table, words first; `rules` names the alert rules that watch it."""

    slug: str
    title: str
    says: str
    drawing: Markup
    head: Sequence[str]
    rows: Rows
    empty: str
    rules: Sequence[str] = ()


def usd(value: float) -> str:
    """`$0.25`, with as many decimals as a small amount needs."""
    return f"${value:.2f}" if value >= 0.1 or value == 0 else f"${value:.4f}".rstrip("0")


def percent(share: float) -> str:
    """`12 %`, `99.5 %`."""
    return f"{share * 100:.1f}".removesuffix(".0") + " %"


def figures(found: LoopFigures, weeks: Sequence[Week], models: Sequence[ModelUse], limits: Limits) -> list[Figure]:
    """All figures in the page's order."""
    return [
        _cost(found, limits),
        _models(models),
        _latency(found, limits),
        _phases(found.phases),
        _pass_rate(weeks, eval_weeks(found.span), limits),
        _flags(found, limits),
        _overrides(found),
        _review(found),
    ]


def eval_weeks(over: Span) -> list[date]:
    """The Mondays of the weeks for which evaluations are shown: those of the span, but at least EVAL_WEEKS_MIN."""
    last = over.last - timedelta(days=over.last.weekday())
    many = max(EVAL_WEEKS_MIN, -(-over.days // 7))
    return [last - timedelta(weeks=back) for back in reversed(range(many))]


def _cost(found: LoopFigures, limits: Limits) -> Figure:
    title, rule = "Cost per report", "report cost"
    stamps = _stamps(found.span)
    means = Series("mean", _values(found.span, found.costs, "mean_usd"))
    return Figure(
        "cost",
        title,
        f"Mean US dollars of a report's model calls, by {found.span.bucket}.",
        lines([means], [*stamps.values()], name=title, write=usd, limits=limits(rule)),
        (found.span.bucket.capitalize(), "Reports", "Mean", "p95", "Total"),
        [
            (stamps[start], count(cost.reports), usd(cost.mean_usd), usd(cost.p95_usd), usd(cost.total_usd))
            for start, cost in found.costs.items()
        ],
        NO_CALL,
        (rule, "day budget"),
    )


def _models(models: Sequence[ModelUse]) -> Figure:
    title = "Cost per report by model version"
    dearest = sorted(models, key=lambda use: (-use.usd_per_report, use.version))
    return Figure(
        "models",
        title,
        "US dollars of a report, for each model, role and prompt version.",
        bars([Bar(use.version, use.usd_per_report) for use in dearest], name=title, write=usd),
        ("Model version", "Reports", "Calls", "Failed", "Per report", "Total"),
        [
            (use.version, *map(count, (use.reports, use.calls, use.failed)), *map(usd, (use.usd_per_report, use.usd)))
            for use in dearest
        ],
        NO_CALL,
    )


def _latency(found: LoopFigures, limits: Limits) -> Figure:
    rules = ("report latency", "report latency tail")
    about = ("latency", "From request to ready", "Time until a report waits for its reviewer.")
    return _timed(found.span, found.latencies, about, empty=NONE_READY, rules=rules, limits=limits(*rules))


def _review(found: LoopFigures) -> Figure:
    about = ("review", "Review time", "From ready to signed or rejected, by the time of the end.")
    return _timed(found.span, found.reviews, about, empty="No review ended in this time.")


def _timed(
    over: Span,
    by_start: Mapping[date, Times],
    about: tuple[str, str, str],
    *,
    empty: str,
    rules: Sequence[str] = (),
    limits: Sequence[Limit] = (),
) -> Figure:
    stamps = _stamps(over)
    series = [Series(name, _values(over, by_start, name)) for name in PERCENTILES]
    drawing = lines(series, [*stamps.values()], name=about[1], write=took, limits=limits, steps=TIME_STEPS)
    rows = [(stamps[start], *_times(times)) for start, times in by_start.items()]
    return Figure(*about, drawing, (over.bucket.capitalize(), "Reports", *PERCENTILES), rows, empty, rules)


def _phases(phases: Mapping[str, Times]) -> Figure:
    title = "Time by phase"
    return Figure(
        "phases",
        title,
        "Half, 95 and 99 in 100 reports spent no longer. Each step to the right is a longer time.",
        spans([Percentiles(name, times.p50, times.p95, times.p99) for name, times in phases.items()], name=title),
        ("Phase", "Reports", *PERCENTILES),
        [(name.capitalize(), *_times(times)) for name, times in phases.items()],
        NONE_READY,
        ("report latency tail",),
    )


def _pass_rate(found: Sequence[Week], shown: Sequence[date], limits: Limits) -> Figure:
    title, rule = "Fact-check pass rate", "fact-check pass rate"
    weeks = {week.monday: week for week in found}
    rates = Series("pass rate", [weeks[monday].pass_rate if monday in weeks else None for monday in shown])
    stamps = [_iso_week(monday) for monday in shown]
    return Figure(
        "pass-rate",
        title,
        "Share of the evaluation's cases that were right, by the last run of each ISO week.",
        lines([rates], stamps, name=title, write=percent, limits=limits(rule), low=0.95, high=1.0),
        ("Week", "Pass rate", "Runs", "Passed"),
        [(_iso_week(week.monday), percent(week.pass_rate), count(week.runs), count(week.passed)) for week in found],
        "No evaluation was kept in these weeks. To run one: strata eval run factcheck --keep",
        (rule, "evaluation fell short", "injection hit"),
    )


def _flags(found: LoopFigures, limits: Limits) -> Figure:
    title, rule = "Flagged claims", "flags"
    stamps = _stamps(found.span)
    shares = Series("flagged", _values(found.span, found.flags, "flagged_share"))
    return Figure(
        "flags",
        title,
        "Share of the claims of reports that became ready.",
        lines([shares], [*stamps.values()], name=title, write=percent, limits=limits(rule)),
        (found.span.bucket.capitalize(), "Reports", "Claims", "Flagged", "Share", "By the fact-checker alone"),
        [
            (
                stamps[start],
                *map(count, (flags.reports, flags.claims, flags.flagged)),
                percent(flags.flagged_share or 0),
                count(flags.alone),
            )
            for start, flags in found.flags.items()
        ],
        NONE_READY,
        (rule,),
    )


def _overrides(found: LoopFigures) -> Figure:
    title = "Overridden flags"
    stamps = _stamps(found.span)
    shares = Series("overridden", _values(found.span, found.flags, "override_share"))
    return Figure(
        "overrides",
        title,
        "Share of decided flags that a clinician let stand: the claim was accepted as it was.",
        lines([shares], [*stamps.values()], name=title, write=percent, high=1.0),
        (found.span.bucket.capitalize(), "Flags decided", "Let stand", "Share"),
        [
            (stamps[start], count(flags.decided), count(flags.overrides), percent(flags.override_share or 0))
            for start, flags in found.flags.items()
            if flags.decided
        ],
        "No flag was decided in this time.",
        ("reviewers agree with everything",),
    )


def _values(over: Span, by_start: Mapping[date, Any], name: str) -> list[float | None]:
    return [getattr(by_start[start], name) if start in by_start else None for start in over.starts]


def _times(times: Times) -> tuple[str, ...]:
    return (count(times.many), took(times.p50), took(times.p95), took(times.p99))


def _stamps(over: Span) -> dict[date, str]:
    if over.bucket == "week":
        return {start: _iso_week(start) for start in over.starts}
    return {start: f"{start.day} {start:%b}" for start in over.starts}


def _iso_week(monday: date) -> str:
    year, week, _ = monday.isocalendar()
    return f"{year}-W{week:02}"
