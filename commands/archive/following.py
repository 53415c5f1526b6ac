"""Shows an archive run, while it goes on, to the person who started it."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NoReturn

import click
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from commands import interrupts
from core.engines import FaultKind, kind_of
from core.jobs import outbox
from core.models import RunState, StepName, utc_now
from core.models.transitions import InvalidTransition
from core.queries import archive as queries
from core.queries.archive import RunSummary
from core.services import archive
from core.stores import databases
from core.stores.databases import Store

POLL_SECONDS = 0.2
# A server that restarts answers again within this time; until then, the run is safe where it is.
SILENT_SECONDS_MAX = 600.0
AGAIN_SECONDS = 1.0
SILENT = "the primary does not answer: waiting for it"
PAST = {name: f"{name}ed".replace("eed", "ed").replace("yed", "ied") for name in StepName}


def follow(run_id: int) -> RunSummary:
    """Show a run's progress until it is done, failed or paused. Does the work itself if no worker listens.

    A run that Ctrl-C leaves without a worker is paused, so that `resume` lets it go on.
    """
    try:
        return _follow(run_id)
    except BaseException:
        if interrupts.was_asked():
            leave(run_id)
        raise


def is_deserted(state: str) -> bool:
    """Whether a run in this state should be moving and no worker listens that could move it."""
    return state in (RunState.PLANNING, RunState.RUNNING) and not outbox.is_listened_to("archive")


def leave(run_id: int) -> None:
    if not is_deserted(find(None, run_id).state):
        click.echo(f"run {run_id} goes on: `strata archive status --run {run_id}` shows it", err=True)
        return
    with suppress(InvalidTransition), databases.write() as session:
        # One that is not planned yet can't pause; `resume` takes it as it is.
        archive.pause(session, run_id=run_id, by=None)
    click.echo(f"run {run_id} stands still: `strata archive resume --run {run_id}` lets it go on", err=True)


def watch(run_id: int) -> RunSummary:
    """Show a run's progress until it is done, failed or paused; leaves the work to others."""
    return _until_rest(lambda: find(None, run_id))


def _follow(run_id: int) -> RunSummary:
    def look() -> RunSummary:
        summary = find(None, run_id)
        if _is_awake(summary) and not outbox.is_listened_to("archive"):
            _drive(run_id)
            summary = find(None, run_id)
        return summary

    return _until_rest(look)


def _until_rest(look: Callable[[], RunSummary]) -> RunSummary:
    """Look again and again, and wait for a server that restarts. Raises its fault when that takes too long."""
    shown, silent_since = "", None
    while True:
        interrupts.check()
        try:
            summary = look()
        except (DBAPIError, PoolTimeout) as fault:
            silent_since = silent_since or time.monotonic()
            if not _is_lost(fault) or time.monotonic() - silent_since > SILENT_SECONDS_MAX:
                raise
            if shown != SILENT:
                click.echo(SILENT, err=True)
            shown = SILENT
            time.sleep(AGAIN_SECONDS)
            continue
        silent_since, line = None, progress(summary)
        if line != shown:
            click.echo(line, err=True)
            shown = line
        if summary.state in (RunState.DONE, RunState.FAILED, RunState.PAUSED):
            return summary
        time.sleep(POLL_SECONDS)


def _is_lost(fault: DBAPIError | PoolTimeout) -> bool:
    return isinstance(fault, PoolTimeout) or fault.connection_invalidated or kind_of(fault) is FaultKind.CONNECTION


def _is_awake(summary: RunSummary) -> bool:
    """Whether the run can go on now: after a fault it pauses for a while."""
    return summary.wakes_at is None or summary.wakes_at <= utc_now()


def _drive(run_id: int) -> None:
    from workers.archive import driver

    try:
        driver.drive(run_id)
    except outbox.NotNow:
        time.sleep(POLL_SECONDS)


def progress(summary: RunSummary) -> str:
    """A run in one line; one that only counts is called a plan."""
    from core.web.filters import duration

    if summary.dry_run:
        is_done = summary.state == RunState.DONE
        counted = f"{summary.selected:,} are cold; nothing is moved" if is_done else summary.state
        return f"plan ({summary.record_type}s): {counted}"
    counts = ", ".join(f"{PAST[name]} {summary.done[name]:,}" for name in summary.steps[1:])
    waits = f"; waits: {summary.throttle_reason}" if summary.throttle_reason else ""
    left = f"; about {duration(summary.seconds_left)} left" if summary.seconds_left is not None else ""
    what = f"run {summary.id} ({summary.record_type}s): {summary.state}, {summary.selected:,} selected, {counts}"
    return f"{what}{left}{waits}"


def find(record_type: str | None, run_id: int | None) -> RunSummary:
    """The run of this id, or the newest run. Raises ClickException if there is none."""
    with databases.read(Store.HOT) as session:
        summary = queries.run(session, run_id) if run_id else queries.latest(session, record_type)
    if summary is None:
        raise click.ClickException("there is no such run: start one with `strata archive run`")
    return summary


def finish(ended: Sequence[RunSummary], *, as_json: bool, as_list: bool) -> NoReturn:
    """Print the runs that have ended, as JSON in a list or the first alone, and exit: 1 unless every run is done."""
    if as_json:
        shown = [summary.as_json() for summary in ended]
        click.echo(json.dumps(shown if as_list else shown[0]))
    else:
        for summary in ended:
            show(summary)
    sys.exit(0 if all(summary.state == RunState.DONE for summary in ended) else 1)


def show(summary: RunSummary) -> None:
    """Print a run for people."""
    click.echo(progress(summary))
    if not summary.dry_run:
        click.echo(f"  {summary.rows:,} rows in {summary.seconds:.1f} s ({summary.rows_per_second:,.0f} rows/s)")
    if summary.failed_step:
        click.echo(f"  stopped at {summary.failed_step}: {summary.reason}")
        click.echo(f"  try again from there: strata archive redrive --run {summary.id}")
