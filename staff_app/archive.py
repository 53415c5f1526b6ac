"""The archive: what is cold, runs and how they go. No patient's data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, flash, redirect, url_for
from sqlalchemy.exc import NoResultFound, SQLAlchemyError
from werkzeug.wrappers import Response

from core import db, queue
from core.db import Store
from core.models import RunState, StepName
from core.permissions import Right
from core.policies import InvalidTransition
from core.queries import archive, tiers
from core.queries.archive import RunSummary
from core.queries.tiers import ColdCount
from core.services import archive as runs
from core.services.archive import RunUnderWay
from core.web.access import requires
from core.web.auth import current_account
from core.web.htmx import render
from core.web.stores import page_session, write_session
from staff_app.clock import midnight
from staff_app.forms import RunForm, put_back, unreadable

bp = Blueprint("archive", __name__, url_prefix="/archive")

MOVING = (RunState.PLANNING, RunState.RUNNING)
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


@bp.get("")
@requires(Right.ARCHIVE_RUN)
def dashboard() -> Response:
    return _dashboard(RunForm())


@bp.post("/runs")
@requires(Right.ARCHIVE_RUN)
def start() -> Response:
    form = RunForm()
    faults = unreadable(form) if form.validate() else {**unreadable(form), **dict(form.faults)}
    if faults:
        return _dashboard(form, put_back(form, faults), status=422)
    try:
        with write_session() as session:
            run = runs.start_run(
                session,
                record_type=form.record_type.data,
                as_of=midnight(form.as_of.data),
                dry_run=bool(form.dry_run.data),
                by=current_account(),
            )
    except RunUnderWay as fault:
        return _dashboard(form, [("record_type", f"{str(fault).capitalize()}.")], status=409)
    queue.relay()
    return redirect(url_for(".run", run_id=run.id), 303)


@bp.get("/runs/<id:run_id>")
@requires(Right.ARCHIVE_RUN)
def run(run_id: int) -> Response:
    return render("staff/archive/run.html", fragment="staff/archive/_progress.html", **_progress(run_id))


@bp.post("/runs/<id:run_id>/<any(pause, resume, redrive):verb>")
@requires(Right.ARCHIVE_RUN)
def change(run_id: int, verb: str) -> Response:
    act, words = VERBS[verb]
    try:
        with write_session() as session:
            act(session, run_id=run_id, by=current_account())
    except NoResultFound:
        abort(404)
    except InvalidTransition as fault:
        words = f"{str(fault).capitalize()}. Here is how it stands."
    queue.relay()
    flash(words)
    return redirect(url_for(".run", run_id=run_id), 303)


def _dashboard(form: RunForm, faults: list[tuple[str, str]] | None = None, *, status: int = 200) -> Response:
    with page_session() as session:
        context = {
            "runs": archive.runs(session),
            "holdings": {total.record_type: total for total in archive.holdings(session)},
        }
    return render("staff/archive/dashboard.html", status=status, form=form, faults=faults or [], cold=_cold(),
                  tiers=tiers.health(), **context)  # fmt: skip


def _cold() -> tuple[ColdCount, ...] | None:
    try:
        with db.read(Store.REPLICA) as session:
            return tiers.cold_now(session)
    except SQLAlchemyError:
        return None


def _progress(run_id: int) -> dict[str, Any]:
    with page_session() as session:
        found = archive.run(session, run_id)
        if found is None:
            abort(404)
        lines = archive.batches(session, run_id)
    moving = found.state in MOVING
    steps = shown_steps(found, moving=moving)
    return {"run": found, "steps": steps, "batches": lines, "moving": moving, "tiers": tiers.health()}


@dataclass(frozen=True)
class StepShown:
    """One of the five steps as the page draws it; `state` is done, now, failed or nothing."""

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
