"""`strata import`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from commands import progress
from core.interchange.summary import Summary

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

NEWEST_DAYS = (date(1970, 1, 1), date(2150, 1, 1))


def _day(ctx: click.Context, parameter: click.Parameter, value: datetime | None) -> date | None:
    if value is None:
        return None
    if not NEWEST_DAYS[0] <= value.date() <= NEWEST_DAYS[1]:
        raise click.BadParameter(f"choose a day from {NEWEST_DAYS[0]} to {NEWEST_DAYS[1]}")
    return value.date()


def _source(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and (not value.strip() or len(value) > 60 or set(value) & set("|#@")):
        raise click.BadParameter("choose a name of at most 60 characters without |, # and @")
    return value


def _options(function: FunctionT) -> FunctionT:
    for option in (
        click.option(
            "--refusals",
            "refusals_file",
            type=click.Path(dir_okay=False, path_type=Path),
            help="All refusals go here: CSV if its name ends in .csv, else JSON lines.",
        ),
        click.option("--check", is_flag=True, help="Read and try everything, and write nothing."),
        click.option("--json", "as_json", is_flag=True, help="Machine-readable output."),
        click.option(
            "--shift-to",
            type=click.DateTime(formats=["%Y-%m-%d"]),
            callback=_day,
            metavar="DATE",
            help="Move all dates by the same number of days, so that the newest record is on this day (UTC).",
        ),
    ):
        function = option(function)
    return function


@click.group(name="import")
def group() -> None:
    """Bring in records. Importing the same again changes nothing; a bad row is refused and the rest goes on."""


@group.command()
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@_options
def synthea(directory: Path, *, shift_to: date | None, check: bool, as_json: bool, refusals_file: Path | None) -> None:
    """Synthea's CSV files in DIRECTORY, and notes.ndjson or notes.ndjson.gz there or in its parent."""
    from core.interchange import synthea as source

    _run(
        lambda: source.import_directory(directory, shift_to=shift_to, check=check, on_progress=progress.follow()),
        check=check,
        as_json=as_json,
        refusals_file=refusals_file,
    )


@group.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--source",
    "named",
    callback=_source,
    metavar="NAME",
    help="Where the records come from; ids are told apart by it.  [default: the server in each fullUrl, or the folder]",
)
@_options
def fhir(
    path: Path, *, named: str | None, shift_to: date | None, check: bool, as_json: bool, refusals_file: Path | None
) -> None:
    """FHIR R4: a file, or a directory of .json, .ndjson and .zip files, gzipped or not."""
    from core.interchange import fhir as source

    def work() -> Summary:
        return source.import_path(path, source=named, shift_to=shift_to, check=check, on_progress=progress.follow())

    _run(work, check=check, as_json=as_json, refusals_file=refusals_file)


def _run(work: Callable[[], Summary], *, check: bool, as_json: bool, refusals_file: Path | None) -> None:
    from core.interchange.importer import ImportRunning
    from core.staging.contract import StagingError

    try:
        summary = work()
    except (FileNotFoundError, NotADirectoryError, ImportRunning, StagingError) as fault:
        raise click.ClickException(str(fault)) from None
    progress.report(summary, as_json=as_json, refusals_file=refusals_file, check=check)
    if summary.read == 0:
        raise click.ClickException("nothing at all could be read")
