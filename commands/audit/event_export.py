"""`strata audit export`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from commands.parameters import ROW_ID, NewFile, whole

SUFFIX = ".ndjson"
MOMENTS = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"])


def _aware(_context: click.Context, _parameter: click.Parameter, value: datetime | None) -> datetime | None:
    return value.replace(tzinfo=UTC) if value is not None else None


@click.command()
@click.option("--since", type=MOMENTS, callback=_aware, help="Events from this day or instant on (UTC).")
@click.option("--until", type=MOMENTS, callback=_aware, help="Events before this day or instant (UTC).")
@click.option("--patient", "patient_id", type=ROW_ID, help="Only events about this patient's record.")
@click.option(
    "--out",
    type=NewFile(SUFFIX),
    help=f"A new file, named *{SUFFIX}.  [default: standard output]",
)
def export(since: datetime | None, until: datetime | None, patient_id: int | None, out: Path | None) -> None:
    """Access events, hot and archived, as FHIR R4 AuditEvent resources: one a line (NDJSON).

    Reads the replica and the archive, and is itself recorded. A file appears whole or not at all; exits 1 if a part of
    the trail can't be read now.
    """
    from core import audit
    from core.interchange.fhir.audit_event import audit_event
    from core.queries import audit_stream
    from core.stores import databases
    from core.stores.archived import ColdUnavailable
    from core.stores.replica_reads import ReplicaBehind

    if since is not None and until is not None and since >= until:
        raise click.BadParameter("--until must be after --since")
    part = audit_stream.Part(since, until, patient_id)
    with databases.write() as session:
        audit.record(session, "audit.exported", by=None, patient_id=patient_id, target="access_event")
    written = 0
    try:
        with whole(out) as file, audit_stream.snapshot() as session:
            for row in audit_stream.stream(session, part):
                resource = audit_event(dict(zip(audit_stream.COLUMNS, row, strict=True)))
                file.write(json.dumps(resource, ensure_ascii=False, separators=(",", ":")) + "\n")
                written += 1
    except (ColdUnavailable, ReplicaBehind) as fault:
        said = "nothing was written" if out is not None else f"what was written, {written:,} events, is not whole"
        raise click.ClickException(f"{fault}: {said}; try again when it answers") from None
    if out is not None:
        click.echo(f"{written:,} events in {out}", err=True)
