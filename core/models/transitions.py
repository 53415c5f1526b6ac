"""Which state may follow which, as data. Who may change a state is in core/access/permissions.py."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from core.models import BatchState, ReportState, RunState


class InvalidTransition(Exception):
    """The thing is not in a state that allows this; the message names both states."""


REPORT_TRANSITIONS: Mapping[ReportState, frozenset[ReportState]] = {
    ReportState.REQUESTED: frozenset({ReportState.DRAFTING, ReportState.FAILED, ReportState.WITHDRAWN}),
    ReportState.DRAFTING: frozenset({ReportState.CHECKING, ReportState.FAILED, ReportState.WITHDRAWN}),
    ReportState.CHECKING: frozenset(
        {ReportState.REVISING, ReportState.READY, ReportState.FAILED, ReportState.WITHDRAWN}
    ),
    ReportState.REVISING: frozenset({ReportState.CHECKING, ReportState.FAILED, ReportState.WITHDRAWN}),
    ReportState.READY: frozenset({ReportState.SIGNED, ReportState.REJECTED, ReportState.WITHDRAWN}),
    ReportState.FAILED: frozenset({ReportState.REQUESTED, ReportState.WITHDRAWN}),
    ReportState.SIGNED: frozenset({ReportState.WITHDRAWN}),
    ReportState.REJECTED: frozenset(),
    ReportState.WITHDRAWN: frozenset(),
}

RUN_TRANSITIONS: Mapping[RunState, frozenset[RunState]] = {
    RunState.PLANNING: frozenset({RunState.RUNNING, RunState.DONE, RunState.FAILED}),
    RunState.RUNNING: frozenset({RunState.PAUSED, RunState.FAILED, RunState.DONE}),
    RunState.PAUSED: frozenset({RunState.RUNNING}),
    RunState.FAILED: frozenset({RunState.PLANNING, RunState.RUNNING}),
    RunState.DONE: frozenset(),
}

BATCH_TRANSITIONS: Mapping[BatchState, frozenset[BatchState]] = {
    BatchState.PLANNED: frozenset({BatchState.STAGED, BatchState.RESTORED}),
    BatchState.STAGED: frozenset({BatchState.LOADED, BatchState.PLANNED}),
    BatchState.LOADED: frozenset({BatchState.VERIFIED, BatchState.PLANNED}),
    BatchState.VERIFIED: frozenset({BatchState.RELEASED, BatchState.STAGED, BatchState.PLANNED}),
    BatchState.RELEASED: frozenset({BatchState.RESTORED}),
    BatchState.RESTORED: frozenset({BatchState.PURGED}),
    BatchState.PURGED: frozenset(),
}

TRANSITIONS: Mapping[type[StrEnum], Mapping[StrEnum, frozenset[StrEnum]]] = {
    ReportState: REPORT_TRANSITIONS,  # type: ignore[dict-item]
    RunState: RUN_TRANSITIONS,  # type: ignore[dict-item]
    BatchState: BATCH_TRANSITIONS,  # type: ignore[dict-item]
}


def can_move(current: str, to: StrEnum) -> bool:
    """Whether a thing in state `current` may go to state `to`."""
    return to in TRANSITIONS[type(to)].get(type(to)(current), frozenset())


def check_transition(what: str, current: str, to: StrEnum) -> None:
    """Raises InvalidTransition, naming both states, unless `current` may go to `to`."""
    if not can_move(current, to):
        raise InvalidTransition(f"{what} is {current} and can't become {to}")
