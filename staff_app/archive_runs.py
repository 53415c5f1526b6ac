"""One archive run and one of its batches, followed live; pausing, resuming, redriving. No patient's data."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import abort, current_app, flash, redirect, request, url_for
from markupsafe import Markup
from sqlalchemy.exc import NoResultFound
from werkzeug.wrappers import Response

from core.access.permissions import Right
from core.jobs import outbox
from core.models import BatchState, utc_now
from core.models.transitions import InvalidTransition
from core.queries import archive, archive_batches, archive_history, tiers
from core.services import archive as runs
from core.web.access import requires
from core.web.auth import current_account
from core.web.drawings.archive_runs import attempt_bars, size_bars
from core.web.htmx import render, wants_fragment
from core.web.page_sessions import page_session, write_session
from staff_app.archive import bp
from staff_app.archive_steps import MOVING, batch_steps, batch_words, can_restore, run_words, shown_steps

ATTEMPTS_SHOWN = 60
VERBS: dict[str, tuple[Callable[..., Any], str]] = {
    "pause": (runs.pause, "The run stops after its present step."),
    "resume": (runs.resume, "The run goes on."),
    "redrive": (runs.redrive, "The run goes on from where it failed."),
}


@bp.get("/runs/<id:run_id>")
@requires(Right.ARCHIVE_RUN)
def run(run_id: int) -> Response:
    context = _progress(run_id)
    if not wants_fragment():
        context["tiers"] = tiers.health()
    return render("staff/archive/run.html", fragment="staff/archive/_progress.html", **context)


@bp.get("/runs/<id:run_id>/servers")
@requires(Right.ARCHIVE_RUN)
def servers(run_id: int) -> Response:
    """The servers that a run uses, in their own fragment: a dead or slow server must not hold up the run's page."""
    with page_session() as session:
        found = archive.run(session, run_id)
    if found is None:
        abort(404)
    return render("staff/archive/servers.html", fragment="staff/archive/_servers.html", run=found, tiers=tiers.health(),
                  **_following(found.state in MOVING))  # fmt: skip


@bp.post("/runs/<id:run_id>/<any(pause, resume, redrive):verb>")
@requires(Right.ARCHIVE_RUN, confirmed=True)
def change(run_id: int, verb: str) -> Response:
    act, words = VERBS[verb]
    _change(words, act, run_id=run_id)
    return redirect(url_for(".run", run_id=run_id), 303)


@bp.get("/runs/<id:run_id>/batches/<id:batch_id>")
@requires(Right.ARCHIVE_RUN)
def batch(run_id: int, batch_id: int) -> Response:
    return render("staff/archive/batch.html", fragment="staff/archive/_batch.html", **_followed(run_id, batch_id))


@bp.post("/runs/<id:run_id>/batches/<id:batch_id>/redrive")
@requires(Right.ARCHIVE_RUN, confirmed=True)
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
    outbox.ring()
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
        "run": found, "steps": shown_steps(found, moving=moving), "batches": lines, "sizes": sizes,
        "attempts": attempts, "failed": failed, "events": events, "estimate": estimate,
        "now": utc_now(), "size_bars": size_bars, "attempt_bars": _drawing(), "said": run_words(found),
        **_following(moving),
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
        "attempt_bars": _drawing(), "can_restore": can_restore(line), "said": batch_words(line),
        **_following(found.state in MOVING and line.state not in (BatchState.RELEASED, BatchState.PURGED)),
    }  # fmt: skip


def _following(moving: bool) -> dict[str, Any]:
    """Whether the page renews itself: while something moves, unless the reader has asked it to hold still.

    `heard` is what the page has said aloud so far: only what differs from it is said.
    """
    return {
        "moving": moving, "follow": moving and "still" not in request.args,
        "heard": request.args.get("said") if wants_fragment() else None,
    }  # fmt: skip


def _drawing() -> Callable[..., Markup]:
    return partial(attempt_bars, now=utc_now(), clock=current_app.jinja_env.filters["clock"])
