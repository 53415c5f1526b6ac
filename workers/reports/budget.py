"""Money and tokens, reserved in the primary before a call and settled after it, while other workers call too.

A reservation is a model_call row without an end. It counts in full until it is settled: a worker that dies during a
call leaves the highest possible cost behind, never less.

Everybody takes the calls first and the day's row last, for the shortest time: in two orders they would wait for each
other.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date
from decimal import Decimal

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from core.engines import FaultKind, kind_of
from core.models import Check, DayBudget, ModelCall, Report, ReportEvent, utc_now
from core.settings.config import Settings
from core.stores import databases
from workers.reports import breaker, pricing, telemetry
from workers.reports.client import Answer, EndpointFault, Question, Usage
from workers.reports.faults import OverBudget, TryLater

# All workers write the same row of the day, one after the other: with many of them, the last one waits long.
DAY_WAIT_SECONDS = 60.0
LOST = "the worker was lost during the call: charged in full"
ANSWER_LOST = "the worker was lost before this answer was kept: paid for, and asked again"


def reserve(
    settings: Settings,
    question: Question,
    *,
    report_id: int,
    role: str,
    round_: int,
    attempt: int,
    prompt_version: str,
) -> int:
    """Set aside the most that this call may cost, and note the call. Returns its id. Raises OverBudget, TryLater."""
    usage = pricing.most(question)
    price = pricing.price(question.model, usage, settings.openai_base_url)
    now = utc_now()
    with _waiting_for_the_day() as session:
        call = ModelCall(
            report_id=report_id, role=role, round=round_, attempt=attempt, prompt_version=prompt_version,
            provider=provider(settings), requested_model=question.model, input_tokens=usage.input,
            output_tokens=usage.output, reserved_usd=price.usd, price_version=price.version, started_at=now,
        )  # fmt: skip
        session.add(call)
        session.flush()
        used = _set_aside(session, now.astimezone(UTC).date(), price.usd)
        breaker.check(session, provider(settings), now, but=call.id)
        _check_day(settings, used, price.usd)
        _check_day_calls(session, settings, call)
        _check_report(session, settings, call)
        return call.id


def settle(settings: Settings, call_id: int, outcome: Answer | EndpointFault) -> None:
    """Replace a call's reservation by what it cost; unknown usage costs what was reserved. Raises TryLater."""
    with _waiting_for_the_day() as session:
        call = session.get_one(ModelCall, call_id, with_for_update=True)
        if isinstance(outcome, Answer):
            call.answering_model, call.finish_reason = outcome.model, outcome.finish_reason
            _count(settings, call, outcome)
        else:
            call.error, call.finish_reason = str(outcome), breaker.BROKEN if outcome.broken else None
            if not outcome.charged:
                call.input_tokens = call.output_tokens = 0
            call.cost_usd = call.reserved_usd if outcome.charged else Decimal(0)
        _close(session, call)


def settle_lost(session: Session, report_id: int) -> int:
    """Settle, in full, the calls of a report that a lost worker left open. Returns how many."""
    query = select(ModelCall).where(ModelCall.report_id == report_id, ModelCall.ended_at.is_(None)).with_for_update()
    calls = session.scalars(query).all()
    for call in calls:
        call.cost_usd, call.error = call.reserved_usd, LOST
        _close(session, call)
    return len(calls)


def note_lost_answers(session: Session, report: Report) -> int:
    """Mark the answers that a lost worker paid for in the report's present state and did not keep. Returns how many.

    An answer was kept if the report moved on after it (a draft, a revision) or if it has checks (a judgement).
    """
    moved = (ReportEvent.report_id == report.id, ReportEvent.to_state == report.state)
    since = select(func.max(ReportEvent.at)).where(*moved).scalar_subquery()
    kept = select(Check.model_call_id).where(Check.report_id == report.id, Check.model_call_id.is_not(None))
    query = select(ModelCall).where(
        ModelCall.report_id == report.id, ModelCall.started_at >= since, ModelCall.ended_at.is_not(None),
        ModelCall.error.is_(None), ModelCall.id.not_in(kept),
    )  # fmt: skip
    calls = session.scalars(query).all()
    for call in calls:
        call.error = ANSWER_LOST
    return len(calls)


def note_unusable(call_id: int, why: str) -> None:
    """Keep why a call's answer could not be used."""
    with databases.write() as session:
        session.get_one(ModelCall, call_id).error = why


@contextmanager
def _waiting_for_the_day() -> Iterator[Session]:
    """A transaction on the primary in which each statement may wait DAY_WAIT_SECONDS. Raises TryLater after that."""
    try:
        with databases.write(statement_timeout_seconds=DAY_WAIT_SECONDS) as session:
            yield session
    except DBAPIError as fault:
        if kind_of(fault) is not FaultKind.WAITED:
            raise
        raise TryLater("many calls are being paid for at once") from fault


def _count(settings: Settings, call: ModelCall, answer: Answer) -> None:
    if answer.usage is None:
        call.cost_usd, call.error = call.reserved_usd, "the endpoint counted no tokens: charged in full"
        return
    _set_tokens(call, answer.usage)
    price = pricing.price(answer.model, answer.usage, settings.openai_base_url)
    if price.is_unknown and call.requested_model != answer.model:
        price = pricing.price(call.requested_model, answer.usage, settings.openai_base_url)
    call.cost_usd, call.price_version = price.usd, price.version


def _set_tokens(call: ModelCall, usage: Usage) -> None:
    call.input_tokens, call.cached_tokens = usage.input, usage.cached
    call.output_tokens, call.reasoning_tokens = usage.output, usage.reasoning


def _close(session: Session, call: ModelCall) -> None:
    now = utc_now()
    call.ended_at = now
    call.latency_seconds = Decimal(str(max((now - call.started_at).total_seconds(), 0)))
    session.execute(
        update(DayBudget)
        .where(DayBudget.day_on == call.started_at.astimezone(UTC).date())
        .values(
            reserved_usd=DayBudget.reserved_usd - call.reserved_usd,
            spent_usd=DayBudget.spent_usd + (call.cost_usd or Decimal(0)),
        )
        .execution_options(synchronize_session=False)
    )
    telemetry.say(call)


def _set_aside(session: Session, day_on: date, usd: Decimal) -> Decimal:
    """Reserve `usd` of the day's budget; returns what was used or reserved before.

    The row is written first and read afterwards, so that on either engine all who reserve wait here for each other.
    A call that is refused later reserves nothing: its transaction is rolled back.
    """
    of_day = DayBudget.day_on == day_on
    adding = update(DayBudget).where(of_day).values(reserved_usd=DayBudget.reserved_usd + usd)
    adding = adding.execution_options(synchronize_session=False)
    if not session.execute(adding).rowcount:  # type: ignore[attr-defined]
        with suppress(IntegrityError), session.begin_nested():
            session.execute(insert(DayBudget).values(day_on=day_on, reserved_usd=Decimal(0), spent_usd=Decimal(0)))
        session.execute(adding)
    now_used = session.execute(select(DayBudget.reserved_usd + DayBudget.spent_usd).where(of_day)).scalar_one()
    return Decimal(now_used) - usd


def _check_day(settings: Settings, used: Decimal, usd: Decimal) -> None:
    if used + usd > settings.day_budget_usd:
        raise OverBudget(
            f"the day's budget of US${settings.day_budget_usd:.2f} would be passed: US${used:.4f} is used or reserved,"
            f" this call may cost US${usd:.4f}"
        )


def _check_day_calls(session: Session, settings: Settings, call: ModelCall) -> None:
    """The day's tokens, and the money of one model version, over the other calls of this UTC day."""
    midnight = utc_now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    others = (ModelCall.started_at >= midnight, ModelCall.id != call.id)
    tokens = func.coalesce(func.sum(ModelCall.input_tokens + ModelCall.output_tokens), 0)
    used_tokens = session.scalar(select(tokens).where(*others)) or 0
    if used_tokens + call.input_tokens + call.output_tokens > settings.day_budget_tokens:
        raise OverBudget(
            f"the day's budget of {settings.day_budget_tokens:,} tokens would be passed: {used_tokens:,} are used,"
            f" this call may use {call.input_tokens + call.output_tokens:,}"
        )
    model = call.requested_model
    most = dict(settings.model_budgets_usd).get(model)
    if most is None:
        return
    spent = func.coalesce(func.sum(func.coalesce(ModelCall.cost_usd, ModelCall.reserved_usd)), 0)
    used = session.scalar(select(spent).where(*others, ModelCall.requested_model == model)) or Decimal(0)
    if used + call.reserved_usd > most:
        raise OverBudget(
            f"the day's budget of US${most:.2f} for {model} would be passed: US${used:.4f} is used or reserved,"
            f" this call may cost US${call.reserved_usd:.4f}"
        )


def _check_report(session: Session, settings: Settings, call: ModelCall) -> None:
    spent = func.coalesce(func.sum(func.coalesce(ModelCall.cost_usd, ModelCall.reserved_usd)), 0)
    tokens = func.coalesce(func.sum(ModelCall.input_tokens + ModelCall.output_tokens), 0)
    others = (ModelCall.report_id == call.report_id, ModelCall.id != call.id)
    used, used_tokens = session.execute(select(spent, tokens).where(*others)).one()
    if used + call.reserved_usd > settings.report_budget_usd:
        raise OverBudget(
            f"the report's budget of US${settings.report_budget_usd:.2f} would be passed: US${used:.4f} is used,"
            f" this call may cost US${call.reserved_usd:.4f}"
        )
    if used_tokens + call.input_tokens + call.output_tokens > settings.report_budget_tokens:
        raise OverBudget(
            f"the report's budget of {settings.report_budget_tokens:,} tokens would be passed:"
            f" {used_tokens:,} are used, this call may use {call.input_tokens + call.output_tokens:,}"
        )


def provider(settings: Settings) -> str:
    """The endpoint's address, as calls keep it."""
    return (settings.openai_base_url or "https://api.openai.com/v1")[:120]
