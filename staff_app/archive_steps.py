"""How far a run or a batch is with its steps, and the few words that a screen reader hears when that changes."""

from __future__ import annotations

from dataclasses import dataclass

from core.models import BatchKind, BatchState, RunKind, RunState, StepName
from core.models.known_words import known
from core.queries.archive import REACHED, RunSummary
from core.queries.archive_batches import BatchLine
from core.web.filters import plural

MOVING = (RunState.PLANNING, RunState.RUNNING)
QUARTERS = ("nothing", "a quarter", "half", "three quarters", "all")
MOVED = {RunKind.ARCHIVE: (StepName.RELEASE, "released"), RunKind.RESTORE: (StepName.RESTORE, "restored")}
WORDS = {
    StepName.PLAN: "{type}s in {batches}",
    StepName.STAGE: "written to files with hashes",
    StepName.LOAD: "copied to the archive",
    StepName.VERIFY: "read back and compared",
    StepName.RELEASE: "removed from the primary",
    StepName.RESTORE: "brought back to the primary",
    StepName.PURGE: "copies removed from the archive",
}


@dataclass(frozen=True)
class StepShown:
    """One step as the page draws it; `state` is done, now, failed or nothing."""

    name: str
    state: str
    count: int
    words: str


def shown_steps(run: RunSummary, *, moving: bool) -> list[StepShown]:
    """How far a run is with each of its steps; counts are roots. None of a run of no kind of ours."""
    names = run.steps
    if not names:
        return []
    reached = [run.selected, *(run.done[name] for name in names[1:])]
    is_planned = run.state != RunState.PLANNING
    states = [_state(is_failed=run.failed_step == names[0], is_done=is_planned, is_now=not is_planned)]
    for place, name in enumerate(names[1:], start=1):
        is_done = (run.state == RunState.DONE and not run.dry_run) or 0 < run.selected <= reached[place]
        is_now = moving and reached[place - 1] > reached[place]
        states.append(_state(is_failed=run.failed_step == name, is_done=is_done, is_now=is_now))
    words = {"type": run.record_type, "batches": plural(run.batches, "batch", "batches")}
    return [
        StepShown(name, state, count, WORDS[name].format(**words))
        for name, state, count in zip(names, states, reached, strict=True)
    ]


def batch_steps(run: RunSummary, line: BatchLine) -> list[StepShown]:
    """How far one batch is, from its selection on; counts are rows, but for the roots that were selected."""
    whose = "patient" if line.kind == BatchKind.RESTORE and line.patient_id else "range"
    shown = [StepShown("select", "done", line.roots, f"{line.record_type}s of its {whose}")]
    for name in run.steps[1:]:
        is_done = line.state in REACHED[name]
        is_now = run.state in MOVING and shown[-1].state == "done"
        state = _state(is_failed=line.failed_step == name, is_done=is_done, is_now=is_now)
        rows = line.released_rows if name == StepName.RELEASE else line.rows
        shown.append(StepShown(name, state, rows if is_done else 0, WORDS[name]))
    return shown


def _state(*, is_failed: bool, is_done: bool, is_now: bool) -> str:
    if is_failed:
        return "failed"
    return "done" if is_done else "now" if is_now else ""


def run_words(run: RunSummary) -> str:
    """What is worth saying aloud of a run: coarse, so that it is said seldom."""
    title = f"Run {run.id}"
    if run.worker_lost:
        return f"{title}: no sign of life from its worker"
    if run.state == RunState.FAILED:
        return f"{title} failed at {run.failed_step}" if run.failed_step else f"{title} failed"
    if run.state != RunState.RUNNING:
        return f"{title} is {run.state}"
    if run.throttle_reason:
        return f"{title} waits"
    if (kind := known(RunKind, run.kind)) is None:
        return f"{title} is running"
    step, moved = MOVED[kind]
    return f"{title} is running, {_share(run.done[step], run.selected)} {moved}"


def _share(done: int, selected: int) -> str:
    """In quarters, rounded down; none of what is less than nothing."""
    if done <= 0 or selected <= 0:
        return QUARTERS[0]
    return QUARTERS[4 * min(done, selected) // selected]


def batch_words(line: BatchLine) -> str:
    """What is worth saying aloud of a batch."""
    end = f"has a fault at {line.failed_step}" if line.failed_step else f"is {line.state}"
    return f"Batch {line.ordinal} {end}"


def can_restore(line: BatchLine) -> bool:
    """Whether a batch has rows in the archive that could come back."""
    return line.state == BatchState.RELEASED and line.kind != BatchKind.RESTORE
