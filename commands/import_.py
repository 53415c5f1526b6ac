"""`strata import`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from commands import _progress
from core.interchange.summary import Summary

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

NEWEST_DAYS = (date(1970, 1, 1), date(2150, 1, 1))


def _day(ctx: click.Context, parameter: click.Parameter, value: datetime | None) -> date | None:
    if value is None:
        return None
    if not NEWEST_DAYS[0] <= value.date() <= NEWEST_DAYS[1]:
        raise click.BadParameter(f"choose a day from {NEWEST_DAYS[0]} to {NEWEST_DAYS[1]}")
    return value.date()


def _options(function: FunctionT) -> FunctionT:
    for option in (
        click.option(
            "--refusals", "refusals_file", type=click.Path(dir_okay=False, path_type=Path), help="All refusals go here."
        ),
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
def synthea(directory: Path, shift_to: date | None, as_json: bool, refusals_file: Path | None) -> None:
    """Synthea's CSV files in DIRECTORY, and notes.ndjson or notes.ndjson.gz there or in its parent."""
    from core.interchange import synthea as source

    _run(
        lambda: source.import_directory(directory, shift_to=shift_to, on_progress=_progress.follow()),
        as_json,
        refusals_file,
    )


@group.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@_options
def fhir(path: Path, shift_to: date | None, as_json: bool, refusals_file: Path | None) -> None:
    """FHIR R4 bundles: a file, or a directory of .json and .json.gz files."""
    from core.interchange import fhir as source

    _run(lambda: source.import_path(path, shift_to=shift_to, on_progress=_progress.follow()), as_json, refusals_file)


def _run(work: Callable[[], Summary], as_json: bool, refusals_file: Path | None) -> None:
    from core.interchange.importer import ImportRunning

    try:
        summary = work()
    except (FileNotFoundError, NotADirectoryError, ImportRunning) as fault:
        raise click.ClickException(str(fault)) from None
    _progress.report(summary, as_json=as_json, refusals_file=refusals_file)
    if summary.read == 0:
        raise click.ClickException("nothing at all could be read")
