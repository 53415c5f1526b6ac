"""How a report was made: each call of a model, each state it was in, what was checked and decided. No clinical text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from core.models import Decision, ReportState, utc_now
from core.queries.reports.figures import Figures, drafted_by, figures
from core.queries.reports.report_rows import ReportRows, Stored, load
from core.verification import Reader

# What the reader makes of a claim is no objection, unless a row speaks against it.
NO_FAULT = ("supported", *(str(found) for found in Reader if found is not Reader.REFUTED))


@dataclass(frozen=True)
class CallView:
    """One call of a model; `reserved_usd` was set aside before the call, and counts while `cost_usd` is None."""

    role: str
    round: int
    attempt: int
    model: str
    prompt_version: str
    started_at: datetime
    seconds: float | None
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost_usd: Decimal | None
    reserved_usd: Decimal
    price_version: str | None
    outcome: str


@dataclass(frozen=True)
class StateView:
    """A state of the report, since when, and for how many seconds; None for the state that it is in now."""

    state: str
    at: datetime
    seconds: float | None
    reason: str | None


@dataclass(frozen=True)
class CheckTally:
    """One checker's verdicts over all rounds; `objections` counts the verdicts other than supported."""

    checker: str
    checks: int
    objections: int
    verdicts: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Making:
    """How a report was made.

    `overrides` counts flagged claims that the clinician accepted; `review_seconds` is the time from ready to closed.
    """

    id: int
    patient_id: int
    state: str
    drafted_by: str
    prompt_version: str | None
    rounds: int
    is_archived: bool
    evidence: tuple[tuple[str, int], ...]
    calls: tuple[CallView, ...]
    states: tuple[StateView, ...]
    checks: tuple[CheckTally, ...]
    claims: int
    reworded: int
    flags: int
    decisions: tuple[tuple[str, int], ...]
    overrides: int
    review_seconds: float | None
    figures: Figures


def making(session: Session, report_id: int) -> Making | None:
    """How a report was made, or None if there is none. Raises ColdUnavailable when only a silent archive can tell."""
    rows = load(session, report_id)
    if rows is None:
        return None
    report, claims = rows.report, rows.unreplaced_claims()
    decided = _decided(rows)
    return Making(
        id=report.id,
        patient_id=report.patient_id,
        state=report.state,
        drafted_by=drafted_by(report.model),
        prompt_version=report.prompt_version,
        rounds=report.round,
        is_archived=rows.is_archived,
        evidence=_tally(row.store for row in rows.of("evidence")),
        calls=tuple(_call(call) for call in rows.of("model_call")),
        states=_states(rows.of("report_event")),
        checks=_checks(rows),
        claims=len(claims),
        reworded=sum(c.replaced_by is not None and c.decision is None for c in rows.of("claim")),
        flags=sum(claim.flagged for claim in claims),
        decisions=_tally(claim.decision for claim in decided),
        overrides=len(_overrides(decided)),
        review_seconds=_review_seconds(report),
        figures=figures(rows, utc_now()),
    )


def _decided(rows: ReportRows) -> list[Stored]:
    """The claims that a person decided on; the drafter's own withdrawals name no person."""
    return [claim for claim in rows.of("claim") if claim.decision and claim.decided_by is not None]


def _overrides(decided: Sequence[Stored]) -> list[Stored]:
    return [claim for claim in decided if claim.flagged and claim.decision == Decision.ACCEPTED]


def _call(call: Stored) -> CallView:
    return CallView(
        role=call.role,
        round=call.round,
        attempt=call.attempt,
        model=call.answering_model or call.requested_model,
        prompt_version=call.prompt_version,
        started_at=call.started_at,
        seconds=None if call.latency_seconds is None else float(call.latency_seconds),
        input_tokens=call.input_tokens,
        cached_tokens=call.cached_tokens,
        output_tokens=call.output_tokens,
        reasoning_tokens=call.reasoning_tokens,
        cost_usd=call.cost_usd,
        reserved_usd=call.reserved_usd,
        price_version=call.price_version,
        outcome=call.error or call.finish_reason or ("unknown" if call.ended_at else "not answered yet"),
    )


def _states(events: Sequence[Stored]) -> tuple[StateView, ...]:
    ends = [event.at for event in events[1:]]
    spent = [(end - event.at).total_seconds() for event, end in zip(events, ends, strict=False)]
    return tuple(
        StateView(event.to_state, event.at, seconds, event.reason)
        for event, seconds in zip(events, [*spent, None], strict=False)
    )


def _checks(rows: ReportRows) -> tuple[CheckTally, ...]:
    found: dict[str, Counter[str]] = {}
    for check in rows.of("claim_check"):
        found.setdefault(check.checker, Counter())[check.verdict] += 1
    return tuple(
        CheckTally(
            checker,
            verdicts.total(),
            sum(many for verdict, many in verdicts.items() if verdict not in NO_FAULT),
            tuple(verdicts.most_common()),
        )
        for checker, verdicts in found.items()
    )


def _tally(values: object) -> tuple[tuple[str, int], ...]:
    return tuple(Counter(values).most_common())  # type: ignore[call-overload]


def _review_seconds(report: Stored) -> float | None:
    if report.state not in (ReportState.SIGNED, ReportState.REJECTED) or not (report.ready_at and report.closed_at):
        return None
    return float((report.closed_at - report.ready_at).total_seconds())
