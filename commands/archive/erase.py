"""`strata archive erase`."""

from __future__ import annotations

import time

import click

from commands.archive.following import POLL_SECONDS
from commands.archive.group import group
from core.jobs import outbox
from core.models import Erasure
from core.queries.patients import NoSuchPatient
from core.services import archive, erasure
from core.stores import databases
from core.stores.databases import Store


@group.command()
@click.option("--patient", "patient_id", type=int, required=True, help="The patient to erase.")
@click.option("--reason", required=True, help="Why, for the record; no clinical content.")
@click.option("--confirm", help="The words to type, where nobody can type them.")
def erase(patient_id: int, reason: str, confirm: str | None) -> None:
    """Erase a patient from every tier and staged file. There is no way back.

    The audit trail stays whole: it says who looked, and nothing of what was seen.
    """
    words = erasure.confirmation(patient_id)
    if (confirm or click.prompt(f'This can not be undone. To go on, type "{words}"', err=True)) != words:
        raise click.ClickException(f'nothing was erased: that is not "{words}"')
    try:
        with databases.write() as session:
            begun = erasure.erase_patient(session, patient_id=patient_id, reason=reason, by=None)
    except (archive.RunUnderWay, erasure.LegalHold, NoSuchPatient) as fault:
        raise click.ClickException(str(fault)) from None
    click.echo(f"{begun.rows:,} rows erased from the primary", err=True)
    outbox.relay()
    _follow(begun.id)


def _follow(erasure_id: int) -> None:
    from workers.archive import erase as work

    while True:
        if not outbox.is_listened_to("archive"):
            work.erase(erasure_id)
        with databases.read(Store.HOT) as session:
            begun = session.get_one(Erasure, erasure_id)
        if begun.staged_at is not None:
            click.echo(f"patient {begun.patient_id} is erased: {begun.rows:,} rows in all")
            return
        time.sleep(POLL_SECONDS)
