"""`strata archive restore`."""

from __future__ import annotations

import click

from commands.archive.following import finish, follow
from commands.archive.group import group, json_option, record_type_option
from core.jobs import outbox
from core.queries.archive import RunSummary
from core.services import archive
from core.services import archive_restore as restores
from core.stores import databases
from core.stores.databases import Store


@group.command()
@click.option("--batch", "batch_id", type=int, help="Bring back what this batch archived.")
@click.option("--run", "run_id", type=int, help="Bring back what this run archived.")
@click.option("--patient", "patient_id", type=int, help="Bring back this patient's rows: of --type, or all.")
@record_type_option
@json_option
def restore(
    batch_id: int | None, run_id: int | None, patient_id: int | None, record_type: str | None, as_json: bool
) -> None:
    """Bring archived rows back to the primary, and follow it to its end.

    They stay hot for at least STRATA_RESTORED_KEEP_DAYS. With --json prints an object, with --patient and no --type a
    list.
    """
    if sum(value is not None for value in (batch_id, run_id, patient_id)) != 1:
        raise click.UsageError("name one of --batch, --run or --patient")
    if record_type is not None and patient_id is None:
        raise click.UsageError("--type goes with --patient: a batch or a run has but one type")
    ended = [_restore(batch_id, run_id, patient_id, kind) for kind in _types(patient_id, record_type)]
    finish(ended, as_json=as_json, as_list=patient_id is not None and record_type is None)


def _types(patient_id: int | None, record_type: str | None) -> list[str | None]:
    if patient_id is None or record_type is not None:
        return [record_type]
    with databases.read(Store.HOT) as session:
        held = restores.held_types(session, patient_id)
    if not held:
        raise click.ClickException(f"the archive holds nothing of patient {patient_id}")
    return list(held)


def _restore(batch_id: int | None, run_id: int | None, patient_id: int | None, record_type: str | None) -> RunSummary:
    try:
        with databases.write() as session:
            if batch_id is not None:
                started = restores.start_batch_restore(session, batch_id=batch_id, by=None)
            elif run_id is not None:
                started = restores.start_run_restore(session, run_id=run_id, by=None)
            else:
                started = restores.start_patient_restore(
                    session, patient_id=patient_id or 0, record_type=record_type or "", by=None
                )
    except (archive.RunUnderWay, restores.NothingToRestore) as fault:
        raise click.ClickException(str(fault)) from None
    outbox.relay()
    return follow(started.id)
