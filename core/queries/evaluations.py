"""What evaluations found, run by run and week by week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import EvalRun, utc_now

HISTORY_MAX = 200


@dataclass(frozen=True)
class EvalView:
    """One stored run; `pass_rate` is the share of cases that were right, `seconds` the time of all together."""

    id: int
    suite: str
    model: str | None
    prompt_version: str | None
    passed: bool
    pass_rate: float | None
    cases: int
    cost_usd: float
    seconds: float
    short: tuple[str, ...]
    drops: tuple[str, ...]
    ran_at: datetime

    def as_json(self) -> dict[str, Any]:
        """As `strata eval history --json` lists it."""
        return {
            **self.__dict__,
            "short": list(self.short),
            "drops": list(self.drops),
            "ran_at": self.ran_at.isoformat(),
        }


@dataclass(frozen=True)
class Week:
    """An ISO week, by its Monday: the pass rate of its last run, how many ran, and how many of them passed."""

    monday: date
    pass_rate: float
    runs: int
    passed: int


def history(session: Session, *, suite: str | None = None, limit: int = HISTORY_MAX) -> list[EvalView]:
    """Stored runs, the newest first."""
    query = select(EvalRun).order_by(EvalRun.ran_at.desc(), EvalRun.id.desc()).limit(limit)
    if suite is not None:
        query = query.where(EvalRun.suite == suite)
    return [_view(run) for run in session.scalars(query)]


def weekly(session: Session, suite: str, weeks: int) -> list[Week]:
    """The pass rate of each of the last `weeks` ISO weeks in UTC that had a run, the oldest first."""
    since = _monday(utc_now().date()) - timedelta(weeks=weeks - 1)
    query = select(EvalRun).where(EvalRun.suite == suite).order_by(EvalRun.ran_at, EvalRun.id)
    found: dict[date, list[EvalView]] = {}
    for run in session.scalars(query):
        monday = _monday(run.ran_at.date())
        if monday >= since and run.figures.get("pass_rate") is not None:
            found.setdefault(monday, []).append(_view(run))
    return [_week(monday, runs) for monday, runs in sorted(found.items())]


def _week(monday: date, runs: Sequence[EvalView]) -> Week:
    return Week(monday, runs[-1].pass_rate or 0.0, len(runs), sum(run.passed for run in runs))


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _view(run: EvalRun) -> EvalView:
    figures = run.figures
    return EvalView(
        id=run.id,
        suite=run.suite,
        model=run.model,
        prompt_version=run.prompt_version,
        passed=run.passed,
        pass_rate=figures.get("pass_rate"),
        cases=figures.get("cases", 0),
        cost_usd=figures.get("cost_usd", 0.0),
        seconds=figures.get("seconds_in_all", 0.0),
        short=tuple(figures.get("short", ())),
        drops=tuple(figures.get("drops", ())),
        ran_at=run.ran_at,
    )
