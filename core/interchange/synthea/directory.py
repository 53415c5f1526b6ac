"""Synthea's CSV export, and its notes where they lie beside it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from core.interchange import importer
from core.interchange.csv_files import BadFile, rows
from core.interchange.resolve import CHILDREN
from core.interchange.source_rows import Population, Record
from core.interchange.source_values import BadValue, identifier
from core.interchange.summary import Place, Progress, Summary, silent
from core.interchange.synthea import visit_notes
from core.interchange.synthea.cells import Cells
from core.interchange.synthea.csv_tables import TABLES, Table

SOURCE = "synthea"


def import_directory(
    path: Path, *, shift_to: date | None = None, check: bool = False, on_progress: Progress = silent
) -> Summary:
    """Import the Synthea CSV files in a directory, and notes.ndjson(.gz) there or in its parent.

    Every row is new, unchanged, updated or refused with its place and reason; the rows of one patient are kept or
    left together. Importing the same again changes nothing. Raises FileNotFoundError if there is nothing to read.
    """
    population, summary = read_directory(path, on_progress)
    return importer.run([population], summary, shift_to=shift_to, check=check, on_progress=on_progress)


def read_directory(path: Path, on_progress: Progress = silent) -> tuple[Population, Summary]:
    """Read and check the files without a database. Raises FileNotFoundError, NotADirectoryError."""
    if not path.is_dir():
        raise NotADirectoryError(f"{path} is not a directory") if path.exists() else FileNotFoundError(f"no {path}")
    population, summary = Population(SOURCE), Summary()
    tables = [table for table in TABLES if (path / table.file).is_file()]
    notes = visit_notes.find(path)
    if not tables and notes is None:
        raise FileNotFoundError(f"{path} holds none of Synthea's files (patients.csv, encounters.csv, ...)")
    _count_others(path, summary)
    for table in tables:
        on_progress(f"reading {table.file}")
        _read(path / table.file, table, population, summary)
    if notes is not None:
        on_progress(f"reading {notes.name}")
        visit_notes.read(notes, population, summary)
    return population, summary


def _named(table: Table, record: Record, cells: Cells) -> Record:
    """A row of a visit whose file has an Id, as Synthea's own do not, is known by it: its time may be corrected."""
    own_id = cells.get("Id")
    if table.kind in CHILDREN and own_id:
        record.source_id = identifier(own_id, "Id")
        record.id_key = f"id|{table.file}/{record.source_id}"
    return record


def _count_others(path: Path, summary: Summary) -> None:
    """Rows of files that nothing here reads: what is left out is told."""
    names = {table.file for table in TABLES}
    for file in sorted(path.glob("*.csv")):
        if file.name not in names:
            with file.open("rb") as lines:
                count = sum(1 for line in lines if line.strip()) - 1
            summary.left_out.update({f"line of {file.name}": count} if count > 0 else {})


def _read(path: Path, table: Table, population: Population, summary: Summary) -> None:
    try:
        for row in rows(path, table.columns):
            summary.of(table.kind).read += 1
            try:
                if row.fault is not None:
                    raise BadValue(row.fault)
                population.add(_named(table, table.parse(row.cells, row.place), row.cells))
            except BadValue as fault:
                summary.refuse(table.kind, row.place, str(fault))
                population.refused.setdefault((table.kind, row.cells.get("Id", "")), row.place)
    except BadFile as fault:
        summary.refuse("file", Place(path.name), str(fault))
    except OSError as fault:
        summary.refuse("file", Place(path.name), f"{path.name} can't be read ({fault.strerror})")
