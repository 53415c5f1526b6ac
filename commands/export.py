"""`strata export`."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.group(name="export")
def group() -> None:
    """Take records out."""


@group.command()
@click.option("--patient", "patient_id", type=click.IntRange(min=1), required=True, help="The patient's id.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write here.  [default: standard output]")
def fhir(patient_id: int, out: Path | None) -> None:
    """A patient's whole record, archived rows too, as a FHIR R4 bundle.

    Reads the replica and the archives, and is recorded like any look at a record. Exits 1 if there is no such patient
    or a part of the record can't be read now.
    """
    from core.cold import ColdUnavailable
    from core.heavy import ReplicaBehind
    from core.interchange.fhir_export import NoSuchPatient, export_patient

    try:
        bundle = export_patient(patient_id)
    except (NoSuchPatient, ColdUnavailable, ReplicaBehind) as fault:
        raise click.ClickException(str(fault)) from None
    text = json.dumps(bundle, ensure_ascii=False, indent=1)
    if out is None:
        click.echo(text)
        return
    out.write_text(text + "\n", encoding="utf-8")
    click.echo(f"{len(bundle['entry']):,} resources in {out}", err=True)
