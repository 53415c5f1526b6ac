"""A history of the report loop made of rows: what the operations page and the alert rules look at."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from core.models import Claim, Decision, EvalRun, ModelCall, Report, ReportEvent, ReportState
from tests.factories import make_patient

PHASES = (ReportState.REQUESTED, ReportState.DRAFTING, ReportState.CHECKING, ReportState.READY)


def make_made_report(
    session: Session,
    ready_at: datetime,
    *,
    seconds: tuple[float, float, float] = (1.0, 4.0, 2.0),
    usd: str = "0.02",
    model: str = "gpt-x",
    claims: tuple[int, int] = (4, 1),
    decision: Decision | None = None,
    review_seconds: float | None = None,
    **values: Any,
) -> Report:
    """A report that spent `seconds` in the queue, in drafting and in checking, and cost `usd`.

    `claims` counts its claims and the flagged ones among them, each of which got `decision`. With `review_seconds` it
    was signed so long after it was ready.
    """
    asked_at = ready_at - timedelta(seconds=sum(seconds))
    signed = {"state": ReportState.SIGNED, "closed_at": ready_at + timedelta(seconds=review_seconds or 0)}
    report = Report(
        **{
            "patient_id": make_patient(session).id, "requested_by": 1, "state": ReportState.READY, "model": model,
            "requested_at": asked_at, "ready_at": ready_at, "prompt_version": "p1",
            **(signed if review_seconds is not None else {}), **values,
        }
    )  # fmt: skip
    session.add(report)
    session.flush()
    times = [asked_at + timedelta(seconds=sum(seconds[:n])) for n in range(4)]
    for state, at in zip(PHASES, times, strict=True):
        session.add(ReportEvent(report_id=report.id, from_state=None, to_state=state, at=at))
        session.flush()
    session.add(
        ModelCall(
            report_id=report.id, role="drafter", round=0, attempt=1, provider="x", requested_model=model,
            answering_model=model, prompt_version="drafter-1", cost_usd=Decimal(usd), started_at=times[1],
            ended_at=times[2], input_tokens=900, output_tokens=100,
        )
    )  # fmt: skip
    session.add_all(
        Claim(
            report_id=report.id, patient_id=report.patient_id, ordinal=n, section="s", text="t", round=0,
            flagged=n < claims[1], verdict="not_addressed" if n < claims[1] else "supported",
            decision=decision if n < claims[1] else None,
            decided_by=1 if decision and n < claims[1] else None,
        )
        for n in range(claims[0])
    )  # fmt: skip
    return report


def make_evaluation(session: Session, ran_at: datetime, pass_rate: float = 1.0, **values: Any) -> EvalRun:
    """A kept evaluation, of the fact-checker unless told otherwise."""
    figures = {"pass_rate": pass_rate, "cases": 100, **values.pop("figures", {})}
    run = EvalRun(
        **{"suite": "factcheck", "model": "gpt-x", "passed": True, "ran_at": ran_at, **values}, figures=figures
    )
    session.add(run)
    session.flush()
    return run
