"""`strata audit`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click

from commands.audit.event_export import export
from commands.audit.later_seals import seal
from core.queries import audit_chains
from core.queries.audit_chains import Extent, Verdict
from core.staging.contract import StagingError
from core.stores.archived import ColdUnavailable
from core.stores.replica_reads import ReplicaBehind


@click.group(name="audit")
def group() -> None:
    """The audit trail."""


@group.command()
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
@click.option(
    "--sample",
    type=click.IntRange(min=0),
    help="Look at the contents of so many archived batches, picked at random.  [default: all]",
)
def verify(as_json: bool, sample: int | None) -> None:
    """Check every chain of access events, hot and archived, for events altered, missing, out of order or not proved.

    Compares them with the heads that were kept outside the database, and looks for heads that are forged, gone or too
    old. Then asks the archives of visits and reports whether their rows say what was sealed when they left. Needs the
    keys of all kinds of process (STRATA_EVENT_KEYS) and STRATA_AUDIT_PUBLIC_KEYS. Exits 1 if anything is found. An
    archive server that does not answer is an error, never a pass.
    """
    try:
        verdict = audit_chains.verify(Extent(sample, lambda line: click.echo(line, err=True)))
    except (ColdUnavailable, ReplicaBehind, StagingError) as fault:
        raise click.ClickException(f"nothing was verified: {fault}") from None
    if as_json:
        click.echo(json.dumps(_as_json(verdict)))
    else:
        _print(verdict)
    sys.exit(1 if verdict.faults or verdict.silent else 0)


def _as_json(verdict: Verdict) -> dict[str, object]:
    looked = verdict.looked
    return {
        "events": verdict.events,
        "chains": verdict.chains,
        "unkeyed": verdict.unkeyed,
        "heads_at": verdict.heads_at.isoformat() if verdict.heads_at is not None else None,
        "head_sets": verdict.head_sets,
        "contents": {
            "sealed_batches": looked.sealed, "looked_at": looked.batches, "rows": looked.rows,
            "unsealed_batches": len(looked.unsealed), "unsealed_rows": looked.unsealed_rows,
        },
        "silent": list(verdict.silent),
        "faults": [asdict(found) for found in verdict.faults],
    }  # fmt: skip


def _print(verdict: Verdict) -> None:
    click.echo(f"{verdict.events} events in {verdict.chains} chains: {len(verdict.faults) or 'no'} fault(s)")
    kept = f"{verdict.heads_at:%Y-%m-%d %H:%M} UTC, set {verdict.head_sets}" if verdict.heads_at else "never"
    click.echo(f"heads kept outside the database: {kept}")
    if verdict.unkeyed:
        click.echo(f"{verdict.unkeyed} events are not keyed: from before there were keys")
    looked = verdict.looked
    which = "all" if looked.batches == looked.sealed else f"{looked.batches:,} of"
    click.echo(f"archived contents: looked at {which} {looked.sealed:,} sealed batches, {looked.rows:,} rows")
    if looked.unsealed:
        click.echo(
            f"{len(looked.unsealed):,} batches with {looked.unsealed_rows:,} rows were archived before contents were"
            " sealed: not looked at; `strata audit seal` seals them as they are now"
        )
    for server in verdict.silent:
        click.echo(f"archive server {server} is not answering: its batches were not all looked at")
    for found in verdict.faults:
        click.echo(f"  {found.writer} at {found.sequence}: {found.what}")


group.add_command(export)
group.add_command(seal)
