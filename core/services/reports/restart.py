"""The condition for resuming a halted loop: evaluations have passed since the halt."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import EvalRun
from core.services.reports.halting import BadHalt, halted


def check_restart(session: Session, suites: Iterable[str]) -> None:
    """Raises BadHalt unless the last kept run of each suite began after the halt, and passed."""
    switch = halted(session)
    if switch is None:
        raise BadHalt("The report loop is not halted.")
    for suite in suites:
        query = select(EvalRun).where(EvalRun.suite == suite, EvalRun.ran_at > switch.changed_at)
        last = session.scalar(query.order_by(EvalRun.ran_at.desc(), EvalRun.id.desc()).limit(1))
        if last is None:
            raise BadHalt(
                f"{suite} has not been run since the loop was halted: run `strata eval run {suite} --keep` first"
            )
        if not last.passed:
            raise BadHalt(f"{suite} did not pass (run {last.id}): the loop stays halted until it does")
