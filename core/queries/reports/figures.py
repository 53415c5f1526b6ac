"""What one report took: tokens, money, and seconds by phase."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from core.models import ReportState
from core.queries.reports.report_rows import ReportRows, Stored

OFFLINE_PREFIX = "strata-offline"
PHASES = {
    ReportState.REQUESTED: "queue",
    ReportState.DRAFTING: "draft",
    ReportState.CHECKING: "check",
    ReportState.REVISING: "revise",
}


@dataclass(frozen=True)
class Figures:
    """Totals over a report's model calls; cached tokens are part of the input, reasoning part of the output."""

    calls: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost_usd: Decimal
    price_versions: tuple[str, ...]
    queue_seconds: float
    draft_seconds: float
    check_seconds: float
    revise_seconds: float

    @property
    def tokens(self) -> int:
        """Input and output together."""
        return self.input_tokens + self.output_tokens

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds by phase."""
        return {phase: getattr(self, f"{phase}_seconds") for phase in PHASES.values()}

    @property
    def total_seconds(self) -> float:
        """Seconds from request to ready."""
        return sum(self.seconds.values())


def figures(rows: ReportRows, now: datetime) -> Figures:
    """The figures of a report; a phase that has not ended counts up to `now`."""
    calls = rows.of("model_call")
    phases = phase_seconds(rows.of("report_event"), now)
    return Figures(
        calls=len(calls),
        input_tokens=sum(call.input_tokens for call in calls),
        cached_tokens=sum(call.cached_tokens for call in calls),
        output_tokens=sum(call.output_tokens for call in calls),
        reasoning_tokens=sum(call.reasoning_tokens for call in calls),
        cost_usd=sum((_cost(call) for call in calls), Decimal(0)),
        price_versions=tuple(sorted({call.price_version for call in calls if call.price_version})),
        **{f"{phase}_seconds": seconds for phase, seconds in phases.items()},
    )


def phase_seconds(events: Sequence[Stored], now: datetime) -> dict[str, float]:
    """Seconds spent in each phase, over all rounds and retries, from a report's events in order."""
    spent = dict.fromkeys(PHASES.values(), 0.0)
    ends = [event.at for event in events[1:]] + [now]
    for event, ended_at in zip(events, ends, strict=False):
        phase = PHASES.get(event.to_state)
        if phase is not None:
            spent[phase] += max((ended_at - event.at).total_seconds(), 0.0)
    return {phase: round(seconds, 3) for phase, seconds in spent.items()}


def drafted_by(model: str | None) -> str:
    """Who drafted a report, said plainly."""
    if model is None:
        return "Not drafted yet."
    if model.startswith(OFFLINE_PREFIX):
        return f"Drafted by software: fixed rules ({model}), not a language model."
    return f"Drafted by software: the language model {model}."


def _cost(call: Stored) -> Decimal:
    return call.cost_usd if call.cost_usd is not None else call.reserved_usd
