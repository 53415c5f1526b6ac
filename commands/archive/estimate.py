"""`strata archive estimate`."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime

import click

from commands.archive.group import group, json_option, record_type_option
from commands.archive.runs import as_of_option
from core.models.record_types import RECORD_TYPES
from core.queries import archive_estimate
from core.queries.archive_estimate import Estimate
from core.stores import databases
from core.stores.databases import Store

GIGABYTE = 1 << 30
STATEMENT_SECONDS = 600


@group.command()
@record_type_option
@as_of_option
@json_option
def estimate(record_type: str | None, as_of: datetime | None, as_json: bool) -> None:
    """Say what a run would move now, and about how long it takes and what log and disk. It moves nothing.

    With --json prints a list with one object for each record type.
    """
    settings = databases.current().settings
    with databases.read(Store.REPLICA, STATEMENT_SECONDS) as session:
        found = [
            archive_estimate.estimate(session, RECORD_TYPES[kind], settings, as_of)
            for kind in ([record_type] if record_type else RECORD_TYPES)
        ]
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found]))
        return
    for one in found:
        _show(one, settings.archive_rows_per_second)


def _show(one: Estimate, pace: int) -> None:
    from core.web.filters import duration

    click.echo(f"{one.record_type}s: {one.roots:,} are cold, about {one.rows:,} rows in all")
    at_pace = f"{duration(one.seconds)} at {pace:,} rows/s (STRATA_ARCHIVE_ROWS_PER_SECOND), " if pace else ""
    click.echo(f"  about {at_pace}{duration(one.seconds_at_full_speed)} without a limit")
    click.echo(
        f"  about {one.log_bytes / GIGABYTE:.1f} GB of the primary's log, {one.staged_bytes / GIGABYTE:.1f} GB of"
        f" staged files before they are compressed, {one.archive_bytes / GIGABYTE:.1f} GB in the archive"
    )
    click.echo("  the primary's disk gets nothing back by itself: strata archive compact")
