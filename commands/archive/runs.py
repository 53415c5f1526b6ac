"""`strata archive plan|run|status|pause|resume|redrive`."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import click
from sqlalchemy.exc import NoResultFound

from commands.archive.following import find, finish, follow, is_deserted, show, watch
from commands.archive.group import group, json_option, record_type_option, run_option
from core.jobs import outbox
from core.models import ArchiveRun
from core.models.transitions import InvalidTransition
from core.queries.archive import RunSummary
from core.services import archive
from core.stores import databases


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
    finish(ended, as_json=as_json, as_list=record_type is None)


def _start_and_follow(record_type: str, as_of: datetime | None, dry_run: bool) -> RunSummary:
    try:
        with databases.write() as session:
            started = archive.start_run(
                session, record_type=record_type, by=None, as_of=as_of, dry_run=dry_run, instead_of=archive.COMMAND
            )
    except archive.RunUnderWay as fault:
        if dry_run or as_of is not None or fault.run_id is None or not is_deserted(fault.state):
            raise click.ClickException(str(fault)) from None
        click.echo(f"run {fault.run_id} was left behind, and no worker listens: this command goes on with it", err=True)
        return follow(fault.run_id)
    except archive.BadDay as fault:
        raise click.ClickException(str(fault)) from None
    outbox.relay()
    return follow(started.id)


@group.command()
@record_type_option
@run_option
@click.option("--watch", "is_watched", is_flag=True, help="Go on until the run is done, failed or paused.")
@json_option
def status(record_type: str | None, run_id: int | None, is_watched: bool, as_json: bool) -> None:
    """Show a run, and the time left by its last minutes: the newest (of --type), unless --run names one."""
    summary = find(record_type, run_id)
    if is_watched:
        finish([watch(summary.id)], as_json=as_json, as_list=False)
    click.echo(json.dumps(summary.as_json())) if as_json else show(summary)


def _act(action: Callable[..., ArchiveRun], record_type: str | None, run_id: int | None, **values: Any) -> None:
    found = find(record_type, run_id)
    try:
        with databases.write() as session:
            changed = action(session, run_id=found.id, by=None, **values)
    except InvalidTransition as fault:
        raise click.ClickException(str(fault)) from None
    outbox.relay()
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
    """Let a paused run go on, or one that was left behind; follow it to its end where no worker listens."""
    found = find(record_type, run_id)
    if not is_deserted(found.state):
        _act(archive.resume, record_type, found.id)
    if is_deserted(find(None, found.id).state):
        finish([follow(found.id)], as_json=False, as_list=False)


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
        with databases.write() as session:
            run = archive.redrive_batch(session, batch_id=batch_id, by=None, from_start=from_start)
    except NoResultFound:
        raise click.ClickException(f"there is no batch {batch_id}") from None
    except InvalidTransition as fault:
        raise click.ClickException(str(fault)) from None
    outbox.relay()
    click.echo(f"run {run.id} is {run.state}", err=True)
