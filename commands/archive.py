"""`strata archive`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import click
from sqlalchemy.exc import NoResultFound

from core import db, queue
from core.db import Store
from core.models import ArchiveRun, RunState, StepName
from core.models.record_types import RECORD_TYPES
from core.policies import InvalidTransition
from core.queries import archive as queries
from core.queries.archive import RunSummary
from core.services import archive
from core.services import archive_restore as restores

POLL_SECONDS = 0.2
PAST = {name: f"{name}ed".replace("eed", "ed").replace("yed", "ied") for name in StepName}
record_type_option = click.option(
    "--type", "record_type", type=click.Choice(list(RECORD_TYPES)), help="Record type: log, visit or report."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
run_option = click.option("--run", "run_id", type=int, help="The run; the newest (of --type), unless given.")


@click.group(name="archive")
def group() -> None:
    """Move cold rows to the archive servers; see how it goes; pause, resume, redrive.

    Access events are cold after 7 days, closed visits and reports after about 6 months (the settings
    STRATA_LOG_HOT_DAYS, STRATA_VISIT_HOT_DAYS and STRATA_REPORT_HOT_DAYS).
    """


def _as_of(_context: click.Context, _parameter: click.Parameter, value: datetime | None) -> datetime | None:
    return value.replace(tzinfo=UTC) if value is not None else None


as_of_option = click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), callback=_as_of, help="What was cold on this day (UTC)."
)


@group.command()
@record_type_option
@as_of_option
@json_option
def plan(record_type: str | None, as_of: datetime | None, as_json: bool) -> None:
    """Count what is cold, and move nothing (`run --dry-run`)."""
    _run(record_type, as_of, dry_run=True, as_json=as_json)


@group.command()
@record_type_option
@as_of_option
@click.option("--dry-run", is_flag=True, help="Count what is cold, and move nothing.")
@json_option
def run(record_type: str | None, as_of: datetime | None, dry_run: bool, as_json: bool) -> None:
    """Start a run and follow it to its end: of --type, or of visits, reports and logs in turn.

    Workers do the moving; where none listens, this command does it itself. Ctrl-C leaves the run to the workers.
    With --json and no --type, prints a list with one object for each record type.
    """
    _run(record_type, as_of, dry_run=dry_run, as_json=as_json)


def _run(record_type: str | None, as_of: datetime | None, *, dry_run: bool, as_json: bool) -> None:
    kinds = [record_type] if record_type else ["visit", "report", "log"]
    ended = [_start_and_follow(kind, as_of, dry_run) for kind in kinds]
    if as_json:
        shown = [summary.as_json() for summary in ended]
        click.echo(json.dumps(shown[0] if record_type else shown))
    else:
        for summary in ended:
            _print(summary)
    sys.exit(0 if all(summary.state == RunState.DONE for summary in ended) else 1)


def _start_and_follow(record_type: str, as_of: datetime | None, dry_run: bool) -> RunSummary:
    try:
        with db.write() as session:
            started = archive.start_run(
                session, record_type=record_type, by=None, as_of=as_of, dry_run=dry_run, instead_of=archive.COMMAND
            )
    except archive.RunUnderWay as fault:
        raise click.ClickException(str(fault)) from None
    queue.relay()
    return _follow(started.id)


def _follow(run_id: int) -> RunSummary:
    shown = ""
    while True:
        if not queue.is_listened_to("archive"):
            _drive(run_id)
        summary = _find(None, run_id)
        line = _progress(summary)
        if line != shown:
            click.echo(line, err=True)
            shown = line
        if summary.state in (RunState.DONE, RunState.FAILED, RunState.PAUSED):
            return summary
        time.sleep(POLL_SECONDS)


def _drive(run_id: int) -> None:
    from workers.archive import driver

    try:
        driver.drive(run_id)
    except queue.NotNow:
        time.sleep(POLL_SECONDS)


def _progress(summary: RunSummary) -> str:
    counts = ", ".join(f"{PAST[name]} {summary.done[name]:,}" for name in summary.steps[1:])
    return f"run {summary.id} ({summary.record_type}s): {summary.state}, {summary.selected:,} selected, {counts}"


@group.command()
@record_type_option
@run_option
@json_option
def status(record_type: str | None, run_id: int | None, as_json: bool) -> None:
    """Show a run: the newest (of --type), unless --run names one."""
    summary = _find(record_type, run_id)
    click.echo(json.dumps(summary.as_json())) if as_json else _print(summary)


def _find(record_type: str | None, run_id: int | None) -> RunSummary:
    with db.read(Store.HOT) as session:
        summary = queries.run(session, run_id) if run_id else queries.latest(session, record_type)
    if summary is None:
        raise click.ClickException("there is no such run: start one with `strata archive run`")
    return summary


def _print(summary: RunSummary) -> None:
    click.echo(_progress(summary))
    click.echo(f"  {summary.rows:,} rows in {summary.seconds:.1f} s ({summary.rows_per_second:,.0f} rows/s)")
    if summary.reason:
        click.echo(f"  stopped at {summary.failed_step}: {summary.reason}")
        click.echo(f"  try again from there: strata archive redrive --run {summary.id}")


def _act(action: Callable[..., ArchiveRun], record_type: str | None, run_id: int | None, **values: Any) -> None:
    found = _find(record_type, run_id)
    try:
        with db.write() as session:
            changed = action(session, run_id=found.id, by=None, **values)
    except InvalidTransition as fault:
        raise click.ClickException(str(fault)) from None
    queue.relay()
    click.echo(f"run {changed.id} is {changed.state}", err=True)


@group.command()
@record_type_option
@run_option
def pause(record_type: str | None, run_id: int | None) -> None:
    """Stop a run after its present step."""
    _act(archive.pause, record_type, run_id)


@group.command()
@record_type_option
@run_option
def resume(record_type: str | None, run_id: int | None) -> None:
    """Let a paused run go on."""
    _act(archive.resume, record_type, run_id)


@group.command()
@record_type_option
@run_option
@click.option("--batch", "batch_id", type=int, help="The run of this batch.")
@click.option("--from-start", is_flag=True, help="With --batch: stage it anew.")
def redrive(record_type: str | None, run_id: int | None, batch_id: int | None, from_start: bool) -> None:
    """Try a failed run again from the step that failed, however long ago."""
    if batch_id is None:
        _act(archive.redrive, record_type, run_id)
        return
    try:
        with db.write() as session:
            run = archive.redrive_batch(session, batch_id=batch_id, by=None, from_start=from_start)
    except NoResultFound:
        raise click.ClickException(f"there is no batch {batch_id}") from None
    except InvalidTransition as fault:
        raise click.ClickException(str(fault)) from None
    queue.relay()
    click.echo(f"run {run.id} is {run.state}", err=True)


@group.command()
@click.option("--batch", "batch_id", type=int, help="Bring back what this batch archived.")
@click.option("--run", "run_id", type=int, help="Bring back what this run archived.")
@click.option("--patient", "patient_id", type=int, help="Bring back this patient's rows: of --type, or all.")
@record_type_option
@json_option
def restore(
    batch_id: int | None, run_id: int | None, patient_id: int | None, record_type: str | None, as_json: bool
) -> None:
    """Bring archived rows back to the primary, and follow it to its end.

    They stay hot for at least STRATA_RESTORED_KEEP_DAYS. With --json prints an object, with --patient and no --type a
    list.
    """
    if sum(value is not None for value in (batch_id, run_id, patient_id)) != 1:
        raise click.UsageError("name one of --batch, --run or --patient")
    if record_type is not None and patient_id is None:
        raise click.UsageError("--type goes with --patient: a batch or a run has but one type")
    ended = [_restore(batch_id, run_id, patient_id, kind) for kind in _types(patient_id, record_type)]
    if as_json:
        shown = [summary.as_json() for summary in ended]
        click.echo(json.dumps(shown if patient_id is not None and record_type is None else shown[0]))
    else:
        for summary in ended:
            _print(summary)
    sys.exit(0 if all(summary.state == RunState.DONE for summary in ended) else 1)


def _types(patient_id: int | None, record_type: str | None) -> list[str | None]:
    if patient_id is None or record_type is not None:
        return [record_type]
    with db.read(Store.HOT) as session:
        held = restores.held_types(session, patient_id)
    if not held:
        raise click.ClickException(f"the archive holds nothing of patient {patient_id}")
    return list(held)


def _restore(batch_id: int | None, run_id: int | None, patient_id: int | None, record_type: str | None) -> RunSummary:
    try:
        with db.write() as session:
            if batch_id is not None:
                started = restores.start_batch_restore(session, batch_id=batch_id, by=None)
            elif run_id is not None:
                started = restores.start_run_restore(session, run_id=run_id, by=None)
            else:
                started = restores.start_patient_restore(
                    session, patient_id=patient_id or 0, record_type=record_type or "", by=None
                )
    except (archive.RunUnderWay, restores.NothingToRestore) as fault:
        raise click.ClickException(str(fault)) from None
    queue.relay()
    return _follow(started.id)
