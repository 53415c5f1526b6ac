"""The move of rows between tiers as an exhaustive model: every interleaving of its steps, crashes, edits and readers.

Run `python docs/protocol/model.py`; README.md beside it says what is modelled, what is checked and what is not.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from dataclasses import dataclass, replace

from states import Bounds, State, Variant, Violation
from steps import Model

AS_BUILT = Variant()
BROKEN = {
    "cold before hot": Variant(cold_before_hot=True),
    "no window": Variant(ignores_window=True),
    "purge at once": Variant(purges_at_once=True),
    "delete before verify": Variant(releases_unverified=True),
    "no version check": Variant(ignores_versions=True),
    "archive again before the purge": Variant(stages_before_purge=True),
    "superseded copies left": Variant(keeps_superseded=True),
    "rows and batch in two transactions": Variant(marks_apart=True),
    "a load that replaces what another batch owns": Variant(replaces_what_others_own=True),
}


@dataclass(frozen=True)
class Outcome:
    """States visited and, if a guarantee was broken, why and by which steps."""

    states: int
    why: str | None = None
    trace: tuple[str, ...] = ()


def explore(bounds: Bounds, variant: Variant = AS_BUILT) -> Outcome:
    """Breadth first over all that can happen, so that the trace of a violation is a shortest one."""
    model = Model(bounds, variant)
    first = model.first()
    came_by: dict[State, tuple[State, str] | None] = {first: None}
    todo = deque([first])
    while todo:
        state = todo.popleft()
        try:
            for label, following in model.steps(state):
                if following not in came_by:
                    came_by[following] = (state, label)
                    todo.append(following)
        except Violation as violation:
            return Outcome(len(came_by), str(violation), trace_to(state, came_by))
    return Outcome(len(came_by))


def trace_to(state: State, came_by: dict[State, tuple[State, str] | None]) -> tuple[str, ...]:
    labels: list[str] = []
    while (before := came_by[state]) is not None:
        state, label = before
        labels.append(label)
    return tuple(reversed(labels))


SHORT = {
    "one row, one edit, archived, restored, purged, archived again": Bounds(rows=1, edits=1, batches=2),
    "two rows, one edit each, archived": Bounds(rows=2, edits=1, batches=1, restores=False),
    "one row, one edit, two batches side by side, nobody reads": Bounds(
        rows=1, edits=1, batches=2, restores=False, lanes=2, readers=False
    ),
}
LONG = {
    "one row, two edits, archived three times": Bounds(rows=1, edits=2, batches=3),
    "two rows, one edit each, archived, restored, purged, archived again": Bounds(rows=2, edits=1, batches=2),
    "one row, one edit, two batches side by side": Bounds(rows=1, edits=1, batches=2, restores=False, lanes=2),
}


def main(arguments: list[str]) -> int:
    """Print what holds and how each broken variant fails; 1 if anything is not as it should be."""
    failed = False
    for name, bounds in {**SHORT, **(LONG if "--long" in arguments else {})}.items():
        started = time.monotonic()
        outcome = explore(bounds)
        failed |= outcome.why is not None
        print(f"{name}: {outcome.states:,} states, {time.monotonic() - started:.1f} s: {outcome.why or 'all hold'}")  # noqa: T201
        print(*[f"    {label}" for label in outcome.trace], sep="\n", end="\n" if outcome.trace else "")  # noqa: T201
    for name, variant in BROKEN.items():
        outcome = shortest(variant)
        failed |= outcome.why is None
        print(f"broken, {name}: {outcome.why or 'NO COUNTEREXAMPLE'}")  # noqa: T201
        print(*[f"    {label}" for label in outcome.trace], sep="\n")  # noqa: T201
    return 1 if failed else 0


def shortest(variant: Variant) -> Outcome:
    """How a broken variant fails: without crashes if that is enough."""
    outcome = Outcome(0)
    for bounds in (replace(bounds, crashes=crashes) for crashes in (False, True) for bounds in SHORT.values()):
        outcome = explore(bounds, variant)
        if outcome.why is not None:
            break
    return outcome


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
