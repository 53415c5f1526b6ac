"""`strata init`."""

from __future__ import annotations

import click

from commands import interrupts
from core.install import rights_script, setup
from core.stores import databases


@click.command()
@click.option("--rotate", is_flag=True, help="Give the logins that read the archives new passwords.")
@click.option(
    "--print-grants", is_flag=True, help="Print the script of rights by process, with new passwords; change nothing."
)
@click.option(
    "--check-rows", is_flag=True, help="Have the servers look at all rows that are older than a check of their table."
)
def init(rotate: bool, print_grants: bool, check_rows: bool) -> None:
    """Bring every configured server up to date: schema, roles, linked tables.

    Repeatable: run it after each upgrade, and after an archive server has moved. STRATA_PRIMARY_URL must name a role
    that owns the database; the portals and workers run with the lesser roles that this command makes.

    With --rotate, whoever reads archived rows at that moment may be told that they can't be shown now.

    With --check-rows, each table is read as a whole, as else `strata doctor` does each time; on SQL Server nobody else
    uses the table meanwhile.
    """
    if print_grants:
        for line in rights_script.statements(databases.current().settings):
            click.echo(line if line.startswith("--") else f"{line};")
        return
    try:
        setup.initialise(
            databases.current().settings, lambda line: click.echo(line, err=True), rotate=rotate, check_rows=check_rows
        )
    except setup.OldRows as fault:
        raise click.ClickException(f"all else is done, but not as `strata doctor` wants it:\n{fault}") from None
    except BaseException:
        if interrupts.was_asked():
            click.echo("what is done stays: run `strata init` again, and it goes on", err=True)
        raise
