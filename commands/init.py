"""`strata init`."""

from __future__ import annotations

import click

from core.install import setup
from core.stores import databases


@click.command()
def init() -> None:
    """Bring every configured server up to date: schema, roles, linked tables.

    Repeatable: run it after each upgrade, and after an archive server has moved. STRATA_PRIMARY_URL must name a role
    that owns the database; the portals and workers run with the lesser roles that this command makes.
    """
    setup.initialise(databases.current().settings, lambda line: click.echo(line, err=True))
