"""`strata picture`."""

from __future__ import annotations

import click

from commands.progress import clear, follow


@click.group("picture")
def group() -> None:
    """Each patient's current picture: the newest results, kept hot whatever moves to an archive."""


@group.command()
def rebuild() -> None:
    """Build every patient's picture anew from all tiers, a chunk of patients at a time.

    Writers keep pictures right, and a job rebuilds those that could not be; this is for after an upgrade or when
    `strata doctor` finds one that is wrong. Pages answer meanwhile. Can be stopped and run again.
    """
    from core.picture.rebuild import rebuild_all

    show = follow()
    done = rebuild_all(lambda count: show(f"{count:,} patients"))
    clear()
    click.echo(f"{done:,} patients' pictures are rebuilt")


@group.command()
def clinics() -> None:
    """Look up the clinic of each patient's newest archived visit, and from when to when archived rows are shown.

    Once after an upgrade from a version that did not keep it, or when `strata doctor` says so: from then on each move
    keeps it. Pages and moves go on meanwhile. Can be stopped and run again.
    """
    from core.picture import spans
    from core.picture.clinics import fill_all

    show = follow()
    changed = fill_all(lambda count: show(f"{count:,} patients"))
    spanned = spans.fill_all(lambda count: show(f"{count:,} spans"))
    clear()
    click.echo(f"{changed:,} patients' newest archived clinics are looked up, and {spanned:,} spans of what is shown")
