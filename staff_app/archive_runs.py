"""One archive run and one of its batches, followed live; pausing, resuming, redriving. No patient's data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import abort, current_app, flash, redirect, request, url_for
from markupsafe import Markup
from sqlalchemy.exc import NoResultFound
from werkzeug.wrappers import Response

from core import queue
from core.models import BatchState, RunState, StepName, utc_now
from core.permissions import Right
from core.policies import InvalidTransition
from core.queries import archive, archive_batches, archive_history, tiers
from core.queries.archive import REACHED, RunSummary
from core.queries.archive_batches import BatchLine
from core.services import archive as runs
from core.web.access import requires
from core.web.auth import current_account
from core.web.htmx import render
from core.web.run_drawings import attempt_bars, size_bars
from core.web.stores import page_session, write_session
from staff_app.archive import bp

MOVING = (RunState.PLANNING, RunState.RUNNING)
ATTEMPTS_SHOWN = 60
WORDS = {
    StepName.PLAN: "{type}s in {batches} batches",
    StepName.STAGE: "written to files with hashes",
    StepName.LOAD: "copied to the archive",
    StepName.VERIFY: "read back and compared",
    StepName.RELEASE: "removed from the primary",
    StepName.RESTORE: "brought back to the primary",
    StepName.PURGE: "copies removed from the archive",
}
VERBS: dict[str, tuple[Callable[..., Any], str]] = {
    "pause": (runs.pause, "The run stops after its present step."),
    "resume": (runs.resume, "The run goes on."),
    "redrive": (runs.redrive, "The run goes on from where it failed."),
}


@bp.get("/runs/<id:run_id>")
@requires(Right.ARCHIVE_RUN)
def run(run_id: int) -> Response:
    return render("staff/archive/run.html", fragment="staff/archive/_progress.html", **_progress(run_id))


@bp.post("/runs/<id:run_id>/<any(pause, resume, redrive):verb>")
@requires(Right.ARCHIVE_RUN)
def change(run_id: int, verb: str) -> Response:
    act, words = VERBS[verb]
    _change(words, act, run_id=run_id)
    return redirect(url_for(".run", run_id=run_id), 303)


@bp.get("/runs/<id:run_id>/batches/<id:batch_id>")
@requires(Right.ARCHIVE_RUN)
def batch(run_id: int, batch_id: int) -> Response:
    return render("staff/archive/batch.html", fragment="staff/archive/_batch.html", **_followed(run_id, batch_id))


@bp.post("/runs/<id:run_id>/batches/<id:batch_id>/redrive")
@requires(Right.ARCHIVE_RUN)
def redrive_batch(run_id: int, batch_id: int) -> Response:
    from_start = request.form.get("from_start") == "1"
    words = "The batch is staged anew." if from_start else "The batch goes on from where it failed."
    _change(words, runs.redrive_batch, batch_id=batch_id, from_start=from_start)
    return redirect(url_for(".batch", run_id=run_id, batch_id=batch_id), 303)


def _change(words: str, act: Callable[..., Any], **what: Any) -> None:
    try:
        with write_session() as session:
            act(session, by=current_account(), **what)
    except NoResultFound:
        abort(404)
    except InvalidTransition as fault:
        words = f"{str(fault).capitalize()}. Here is how it stands."
    queue.relay()
    flash(words)


def _progress(run_id: int) -> dict[str, Any]:
    with page_session() as session:
        found = archive.run(session, run_id)
        if found is None:
            abort(404)
        lines = archive_batches.batches(session, run_id)
        sizes = archive_batches.sizes(session, run_id)
        attempts = archive_batches.steps(session, run_id, limit=ATTEMPTS_SHOWN)
        failed = archive_batches.steps(session, run_id, failed=True, limit=20)
        events = archive_history.events(session, run_id)
        estimate = archive_history.estimate(session, found.record_type, found.selected) if found.dry_run else None
    moving = found.state in MOVING
    return {
        "run": found, "moving": moving, "steps": shown_steps(found, moving=moving), "batches": lines, "sizes": sizes,
        "attempts": attempts, "failed": failed, "events": events, "estimate": estimate, "tiers": tiers.health(),
        "now": utc_now(), "size_bars": size_bars, "attempt_bars": _drawing(),
    }  # fmt: skip


def _followed(run_id: int, batch_id: int) -> dict[str, Any]:
    with page_session() as session:
        found = archive.run(session, run_id)
        line = archive_batches.batch(session, run_id, batch_id)
        if found is None or line is None:
            abort(404)
        attempts = archive_batches.steps(session, run_id, batch_id)
    return {
        "run": found, "batch": line, "attempts": attempts, "steps": batch_steps(found, line), "now": utc_now(),
        "moving": found.state in MOVING and line.state not in (BatchState.RELEASED, BatchState.PURGED),
        "attempt_bars": _drawing(), "can_restore": line.state == BatchState.RELEASED,
    }  # fmt: skip


def _drawing() -> Callable[..., Markup]:
    return partial(attempt_bars, now=utc_now(), clock=current_app.jinja_env.filters["clock"])


@dataclass(frozen=True)
class StepShown:
    """One step as the page draws it; `state` is done, now, failed or nothing."""

    name: str
    state: str
    count: int
    words: str


def shown_steps(run: RunSummary, *, moving: bool) -> list[StepShown]:
    """How far a run is with each of its steps."""
    names = run.steps
    reached = [run.selected, *(run.done[name] for name in names[1:])]
    planning = "failed" if run.failed_step == names[0] else "now" if run.state == RunState.PLANNING else "done"
    states = [planning]
    for place, name in enumerate(names[1:], start=1):
        is_done = (run.state == RunState.DONE and not run.dry_run) or 0 < run.selected <= reached[place]
        is_next = moving and reached[place - 1] > reached[place]
        states.append("failed" if run.failed_step == name else "done" if is_done else "now" if is_next else "")
    words = {"type": run.record_type, "batches": run.batches}
    return [
        StepShown(name, state, count, WORDS[name].format(**words))
        for name, state, count in zip(names, states, reached, strict=True)
    ]


def batch_steps(run: RunSummary, line: BatchLine) -> list[StepShown]:
    """How far one batch is with each of its steps; counts are rows."""
    shown: list[StepShown] = []
    for name in run.steps[1:]:
        is_done = line.state in REACHED[name]
        is_next = not is_done and run.state in MOVING and (not shown or shown[-1].state == "done")
        state = "failed" if line.failed_step == name else "done" if is_done else "now" if is_next else ""
        rows = line.released_rows if name == StepName.RELEASE else line.rows
        shown.append(StepShown(name, state, rows if is_done else 0, WORDS[name]))
    return shown
