"""`strata generate`."""

from __future__ import annotations

import signal
from datetime import datetime

import click

from commands import progress


@click.command()
@click.option("--patients", type=click.IntRange(min=1), required=True, help="How many patients to add.")
@click.option(
    "--visits-per-patient", type=click.FloatRange(0, 1_000), default=10.0, show_default=True, help="On average."
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same people.")
@click.option(
    "--as-of",
    type=click.DateTime(formats=["%Y-%m-%d"]),
    metavar="DATE",
    help="Visits lie in the eight years before this day.  [default: today]",
)
@click.option(
    "--access-events", type=click.IntRange(min=0), default=0, show_default=True, help="Looks at records, made up too."
)
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def generate(
    *, patients: int, visits_per_patient: float, seed: int, as_of: datetime | None, access_events: int, as_json: bool
) -> None:
    """Add a made-up, Singapore-flavoured population, for those who have no data.

    Works on an empty database and beside real patients; nobody's NRIC or FIN is given twice. However it ends, the same
    command goes on where it was.
    """
    from core.interchange import generate as source
    from core.interchange.generate.population import Stopped
    from core.interchange.importer import ImportRunning

    day = as_of.date() if as_of is not None else None
    # Whoever ends it finds whole parts, and no process left.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        summary = source.generate(patients, visits_per_patient, seed, day, progress.follow_long(), looks=access_events)
    except (Stopped, ImportRunning, ValueError) as fault:
        raise click.ClickException(str(fault)) from None
    progress.report(summary, as_json=as_json)
    if summary.remarks:
        raise click.ClickException(summary.remarks[-1])
