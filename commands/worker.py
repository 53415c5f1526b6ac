"""`strata worker` and `strata schedule`."""

from __future__ import annotations

import os

import click

from commands.start_up import without_collections
from core.jobs.tasks import QUEUES

NICENESS = 10


@click.command()
@click.argument("queues", nargs=-1, type=click.Choice(QUEUES))
def worker(queues: tuple[str, ...]) -> None:
    """Run jobs from QUEUES (all of them, if none is named) until stopped; portals beside it come first.

    Jobs of `ops` are short and watch over the others: run a worker for that queue alone.
    """
    os.nice(NICENESS)
    with without_collections():
        from workers import listening, run

        run.load_tasks(queues or QUEUES)
    listening.work(queues or QUEUES)


@click.command()
def schedule() -> None:
    """Start regular jobs on time. Run exactly one."""
    with without_collections():
        from workers import schedule as scheduler

    scheduler.run()
