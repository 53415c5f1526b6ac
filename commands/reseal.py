"""`strata reseal`."""

from __future__ import annotations

import click

from commands.progress import clear, follow


@click.command()
def reseal() -> None:
    """Seal every value again with the newest key, so that an old one can go.

    National ids, the secrets of authenticator apps and, on SQL Server, the passwords of links are encrypted with the
    first key of STRATA_FIELD_KEYS; every key there opens them. To change the key: put the new one in front, restart
    the portals and workers, run this, then take the old one out and restart again. Pages answer meanwhile. Can be
    stopped and run again.
    """
    from core.install import archive_readers
    from core.services import resealing

    show = follow()
    done = resealing.reseal(lambda count: show(f"{count:,} values"))
    done += archive_readers.reseal()
    clear()
    click.echo(f"{done:,} values are sealed with the newest key")
