"""Keeping the figures of an evaluation, and comparing them with those of the last one of its kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import EvalRun

# The line by which a command says that it kept a run, with the run's id.
KEPT = "kept as run"
NOT_KEPT = ("results", "not_answered")
# The figures of a suite that are better when they are higher, and those that are better when they are lower.
HIGHER = ("pass_rate", "recall")
LOWER = ("false_flag_rate", "unsupported_rate", "omitted_rate")


class Kept(NamedTuple):
    """A stored run; `drops` names the figures that fell by more than is allowed since the run before."""

    run: EvalRun
    drops: tuple[str, ...]


def keep(
    session: Session,
    result: Mapping[str, Any],
    *,
    short: tuple[str, ...],
    prompt_version: str | None,
    drop_max: float,
    seconds: float,
) -> Kept:
    """Store a suite's result, without its cases. `short` says how it fell short of the suite's own bar.

    A run passes when it falls short of nothing and has not dropped by more than `drop_max` (a share of 1) since the
    last run of the same suite and model.
    """
    suite, model = result["suite"], result.get("model")
    last = latest(session, suite=suite, model=model)
    drops = dropped(last.figures, result, drop_max) if last is not None else ()
    figures = {name: value for name, value in result.items() if name not in NOT_KEPT}
    run = EvalRun(
        suite=suite,
        model=model,
        prompt_version=prompt_version,
        passed=not short and not drops,
        figures={**figures, "short": list(short), "drops": list(drops), "seconds_in_all": round(seconds, 3)},
    )
    session.add(run)
    session.flush()
    return Kept(run, drops)


def latest(session: Session, *, suite: str, model: str | None) -> EvalRun | None:
    """The last stored run of a suite and model."""
    same = EvalRun.model.is_(None) if model is None else EvalRun.model == model
    query = select(EvalRun).where(EvalRun.suite == suite, same).order_by(EvalRun.ran_at.desc(), EvalRun.id.desc())
    return session.scalar(query.limit(1))


def dropped(before: Mapping[str, Any], now: Mapping[str, Any], drop_max: float) -> tuple[str, ...]:
    """What has become worse by more than `drop_max`, in words."""
    found = []
    for names, sign in ((HIGHER, 1), (LOWER, -1)):
        for name in names:
            old, new = before.get(name), now.get(name)
            if old is not None and new is not None and sign * (old - new) > drop_max:
                found.append(f"{name.replace('_', ' ')} went from {old:.4f} to {new:.4f}")
    return tuple(found)
