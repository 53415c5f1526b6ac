"""Asking a question until the answer can be used: within the budget, and a bounded number of times."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from core.stores import databases
from workers.reports import budget, client
from workers.reports.client import Answer, EndpointFault, Question
from workers.reports.faults import LoopFailure, Unusable

ATTEMPTS_MAX = 3
REPAIRS_MAX = 1
PAUSE_FIRST_SECONDS = 0.5
PAUSE_MAX_SECONDS = 20.0

Read = TypeVar("Read")
_random = secrets.SystemRandom()


@dataclass(frozen=True)
class Call:
    """Who asks: which part of the loop, in which round, with which prompt."""

    role: str
    round: int
    prompt_version: str


@dataclass(frozen=True)
class Reply:
    """The model that answered, and the call's id."""

    model: str
    call_id: int


class Asker(Protocol):
    """Who works on a report: `check` raises LeaseLost when the work is nobody's any more."""

    @property
    def report_id(self) -> int: ...

    def check(self) -> None: ...


def ask(lease: Asker, call: Call, question: Question, read: Callable[[str], Read]) -> tuple[Read, Reply]:
    """Ask, and read the answer with `read`; an unusable answer is asked for again, once.

    Raises LoopFailure (OverBudget is one) with the cause, LeaseLost, TryLater.
    """
    for repair in range(REPAIRS_MAX + 1):
        answer, call_id = _answered(lease, call, question, repair)
        try:
            return read(usable(answer)), Reply(answer.model, call_id)
        except Unusable as fault:
            why = str(fault)
            budget.note_unusable(call_id, why)
            question = question.again(why)
    raise LoopFailure(f"the {call.role} gave no usable answer, asked {REPAIRS_MAX + 1} times: {why}")


def _answered(lease: Asker, call: Call, question: Question, repair: int) -> tuple[Answer, int]:
    settings = databases.current().settings
    for attempt in range(1, ATTEMPTS_MAX + 1):
        lease.check()
        call_id = budget.reserve(
            settings, question, report_id=lease.report_id, role=call.role, round_=call.round,
            attempt=repair * ATTEMPTS_MAX + attempt, prompt_version=call.prompt_version,
        )  # fmt: skip
        try:
            answer = client.ask(settings, question)
        except EndpointFault as fault:
            budget.settle(settings, call_id, fault)
            pause = pause_before(attempt + 1, fault.after_seconds)
            if not fault.again or attempt == ATTEMPTS_MAX or pause > PAUSE_MAX_SECONDS:
                tries = f" (tried {attempt} times)" if attempt > 1 else ""
                raise LoopFailure(f"the {call.role} did not answer: {fault}{tries}") from None
            time.sleep(pause)
        else:
            budget.settle(settings, call_id, answer)
            return answer, call_id
    raise AssertionError("unreachable")


def pause_before(attempt: int, asked_seconds: float | None) -> float:
    """Seconds to wait before an attempt: what the endpoint asked for, else doubling from the first, with jitter."""
    if asked_seconds is not None:
        return asked_seconds
    return min(PAUSE_FIRST_SECONDS * 2 ** (attempt - 2), PAUSE_MAX_SECONDS) * _random.uniform(0.75, 1.25)


def usable(answer: Answer) -> str:
    """An answer's text. Raises Unusable when it was refused, cut off, or is empty."""
    if answer.refusal or answer.finish_reason == "content_filter":
        raise Unusable("the model refused")
    if answer.finish_reason == "length":
        raise Unusable("the answer was cut off at its longest")
    if not answer.text.strip():
        raise Unusable("the answer is empty")
    return answer.text
