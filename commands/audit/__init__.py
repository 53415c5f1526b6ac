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
    """Check every chain of access events, hot and archived, for events altered, missing or out of order.

    Exits 1 if one is found. An archive server that does not answer is an error, never a pass.
    """
    try:
        verdict = audit_chains.verify()
    except (ColdUnavailable, ReplicaBehind, StagingError) as fault:
        raise click.ClickException(f"nothing was verified: {fault}") from None
    if as_json:
        click.echo(
            json.dumps(
                {"events": verdict.events, "chains": verdict.chains, "faults": [asdict(f) for f in verdict.faults]}
            )
        )
    else:
        click.echo(f"{verdict.events} events in {verdict.chains} chains: {len(verdict.faults) or 'no'} fault(s)")
        for fault in verdict.faults:
            click.echo(f"  {fault.writer} at {fault.sequence}: {fault.what}")
    sys.exit(1 if verdict.faults else 0)


group.add_command(export)
