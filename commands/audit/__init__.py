"""`strata audit`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click

from commands.audit.event_export import export
from core.queries import audit_chains
from core.staging.contract import StagingError
from core.stores.archived import ColdUnavailable
from core.stores.replica_reads import ReplicaBehind


@click.group(name="audit")
def group() -> None:
    """The audit trail."""


@group.command()
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def verify(as_json: bool) -> None:
    """Check every chain of access events, hot and archived, for events altered, missing, out of order or not proved.

    Compares them with the heads that were kept outside the database, and looks for heads that are forged, gone or too
    old. Needs the keys of all kinds of process (STRATA_EVENT_KEYS) and STRATA_AUDIT_PUBLIC_KEYS. Exits 1 if one is
    found. An archive server that does not answer is an error, never a pass.
    """
    try:
        verdict = audit_chains.verify()
    except (ColdUnavailable, ReplicaBehind, StagingError) as fault:
        raise click.ClickException(f"nothing was verified: {fault}") from None
    if as_json:
        click.echo(
            json.dumps(
                {
                    "events": verdict.events,
                    "chains": verdict.chains,
                    "unkeyed": verdict.unkeyed,
                    "heads_at": verdict.heads_at.isoformat() if verdict.heads_at is not None else None,
                    "head_sets": verdict.head_sets,
                    "faults": [asdict(found) for found in verdict.faults],
                }
            )
        )
    else:
        click.echo(f"{verdict.events} events in {verdict.chains} chains: {len(verdict.faults) or 'no'} fault(s)")
        kept = f"{verdict.heads_at:%Y-%m-%d %H:%M} UTC, set {verdict.head_sets}" if verdict.heads_at else "never"
        click.echo(f"heads kept outside the database: {kept}")
        if verdict.unkeyed:
            click.echo(f"{verdict.unkeyed} events are not keyed: from before there were keys")
        for found in verdict.faults:
            click.echo(f"  {found.writer} at {found.sequence}: {found.what}")
    sys.exit(1 if verdict.faults else 0)


group.add_command(export)
