"""`strata worker` and `strata schedule`."""

from __future__ import annotations

import click

from core.queue import QUEUES


@click.command()
@click.argument("queues", nargs=-1, type=click.Choice(QUEUES))
def worker(queues: tuple[str, ...]) -> None:
    """Run jobs from QUEUES (all of them, if none is named) until stopped."""
    from workers import run

    run.work(queues or QUEUES)


@click.command()
def schedule() -> None:
    """Start regular jobs on time. Run exactly one."""
    from workers import schedule as scheduler

    scheduler.run()
