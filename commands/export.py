"""`strata export`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from commands.parameters import ROW_ID, NewFile, whole


@click.group(name="export")
def group() -> None:
    """Take records out."""


@group.command()
@click.option("--patient", "patient_id", type=ROW_ID, required=True, help="The patient's id.")
@click.option("--out", type=NewFile(), help="A new file.  [default: standard output]")
@click.option(
    "--with-kept-apart", "reason", metavar="REASON",
    help="Visits that are kept apart too, as for the patient's own copy. The patient and the auditor read the reason.",
)  # fmt: skip
def fhir(patient_id: int, out: Path | None, reason: str | None) -> None:
    """A patient's record, archived rows too, as a FHIR R4 bundle.

    Visits that are kept apart are left out, and the bundle says so (REDACTED). Reads the replica and the archives, and
    is recorded like any look at a record. A file is for its owner only, and appears whole or not at all. Exits 1 if
    there is no such patient or a part of the record can't be read now.
    """
    from core.interchange.fhir.exported_bundle import export_patient
    from core.queries.patients import NoSuchPatient
    from core.services.care import BadReason, reason_in_words
    from core.staging.contract import StagingError
    from core.stores.archived import ColdUnavailable
    from core.stores.replica_reads import ReplicaBehind

    try:
        because = reason_in_words(reason) if reason is not None else None
        bundle = export_patient(patient_id, kept_apart_because=because)
    except BadReason as fault:
        raise click.BadParameter(str(fault), param_hint="--with-kept-apart") from None
    except (NoSuchPatient, ColdUnavailable, ReplicaBehind, StagingError) as fault:
        raise click.ClickException(str(fault)) from None
    with whole(out) as file:
        file.write(json.dumps(bundle, ensure_ascii=False, indent=1) + "\n")
    if out is not None:
        click.echo(f"{len(bundle['entry']):,} resources in {out}", err=True)
    if reason is None and "meta" in bundle:
        click.echo("Visits that are kept apart are left out: see --with-kept-apart", err=True)
