"""`strata init`."""

from __future__ import annotations

import click

from core.install import setup
from core.stores import databases


@click.command()
@click.option("--rotate", is_flag=True, help="Give the logins that read the archives new passwords.")
def init(rotate: bool) -> None:
    """Bring every configured server up to date: schema, roles, linked tables.

    Repeatable: run it after each upgrade, and after an archive server has moved. STRATA_PRIMARY_URL must name a role
    that owns the database; the portals and workers run with the lesser roles that this command makes.

    With --rotate, whoever reads archived rows at that moment may be told that they can't be shown now.
    """
    setup.initialise(databases.current().settings, lambda line: click.echo(line, err=True), rotate=rotate)
