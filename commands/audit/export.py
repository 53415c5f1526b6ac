"""`strata audit export`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import click

SUFFIX = ".ndjson"
MOMENTS = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"])


def _aware(_context: click.Context, _parameter: click.Parameter, value: datetime | None) -> datetime | None:
    return value.replace(tzinfo=UTC) if value is not None else None


def _new_file(_context: click.Context, _parameter: click.Parameter, value: Path | None) -> Path | None:
    if value is None:
        return None
    if value.suffix != SUFFIX:
        raise click.BadParameter(f"{value} must end in {SUFFIX}")
    if value.exists():
        raise click.BadParameter(f"{value} is there already: choose another name")
    if not value.absolute().parent.is_dir():
        raise click.BadParameter(f"there is no folder {value.parent}: make it first")
    return value


@click.command()
@click.option("--since", type=MOMENTS, callback=_aware, help="Events from this day or instant on (UTC).")
@click.option("--until", type=MOMENTS, callback=_aware, help="Events before this day or instant (UTC).")
@click.option("--patient", "patient_id", type=click.IntRange(min=1), help="Only events about this patient's record.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=_new_file,
    help=f"A new file, named *{SUFFIX}.  [default: standard output]",
)
def export(since: datetime | None, until: datetime | None, patient_id: int | None, out: Path | None) -> None:
    """Access events, hot and archived, as FHIR R4 AuditEvent resources: one a line (NDJSON).

    Reads the replica and the archive, and is itself recorded. A file appears whole or not at all; exits 1 if a part of
    the trail can't be read now.
    """
    from core import audit, db
    from core.cold import ColdUnavailable
    from core.heavy import ReplicaBehind
    from core.interchange.fhir_audit import audit_event
    from core.queries import audit_stream

    if since is not None and until is not None and since >= until:
        raise click.BadParameter("--until must be after --since")
    part = audit_stream.Part(since, until, patient_id)
    with db.write() as session:
        audit.record(session, "audit.exported", by=None, patient_id=patient_id, target="access_event")
    written = 0
    try:
        with _whole(out) as file, audit_stream.snapshot() as session:
            for row in audit_stream.stream(session, part):
                resource = audit_event(dict(zip(audit_stream.COLUMNS, row, strict=True)))
                file.write(json.dumps(resource, ensure_ascii=False, separators=(",", ":")) + "\n")
                written += 1
    except (ColdUnavailable, ReplicaBehind) as fault:
        said = "nothing was written" if out is not None else f"what was written, {written:,} events, is not whole"
        raise click.ClickException(f"{fault}: {said}; try again when it answers") from None
    except FileExistsError:
        raise click.ClickException(f"{out} was made meanwhile: choose another name") from None
    except OSError as fault:
        raise click.ClickException(f"{out or 'standard output'} can't be written: {fault.strerror}") from None
    if out is not None:
        click.echo(f"{written:,} events in {out}", err=True)


@contextmanager
def _whole(out: Path | None) -> Iterator[IO[str]]:
    """A text file, for its owner only, which gets its name when the block ends well; standard output without a name."""
    if out is None:
        yield sys.stdout
        return
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(handle, "w", encoding="utf-8") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        # A link, unlike a rename, never replaces a file made meanwhile.
        os.link(partial, out)
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()
