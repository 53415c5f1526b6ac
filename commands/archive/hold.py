"""`strata archive hold`."""

from __future__ import annotations

import click

from commands.archive.group import group
from core.services import legal_hold
from core.stores import databases


@group.command()
@click.option("--patient", "patient_id", type=int, required=True, help="The patient.")
@click.option("--reason", required=True, help="Why, for the audit trail; no clinical content.")
@click.option("--lift", is_flag=True, help="End the hold instead.")
def hold(patient_id: int, reason: str, lift: bool) -> None:
    """Put a patient under legal hold: their rows stay where they are, and can't be erased, until it is lifted."""
    change = legal_hold.lift_hold if lift else legal_hold.set_hold
    try:
        with databases.write() as session:
            change(session, patient_id=patient_id, reason=reason, by=None)
    except legal_hold.BadHold as fault:
        raise click.ClickException(str(fault)) from None
    click.echo(f"patient {patient_id} is under {'no legal hold any more' if lift else 'legal hold'}")
