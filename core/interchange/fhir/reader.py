"""FHIR R4 in: patients with their encounters, values, problems, allergies, medicines, notes and statements."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from core.interchange import importer
from core.interchange.csv_files import BadFile
from core.interchange.fhir.bundles import File, files
from core.interchange.fhir.resource_index import Sources
from core.interchange.fhir.second_reading import Parsing
from core.interchange.fhir.survey import survey
from core.interchange.source_rows import Population, Record
from core.interchange.summary import Place, Progress, Summary, silent
from core.stores.page_zone import page_zone

SOURCE = "fhir"
CHUNK_RECORDS = 20_000
UTC_ZONE = ZoneInfo("UTC")


def import_path(
    path: Path,
    *,
    source: str | None = None,
    shift_to: date | None = None,
    check: bool = False,
    on_progress: Progress = silent,
) -> Summary:
    """Import a file, or all files of a directory: bundles, single resources, NDJSON; plain, gzipped or in a zip file.

    `source` names where they come from; else each server's address does, or the folder. With `check` nothing is
    written. Every resource is new, unchanged, updated, refused with file, entry and reason, or left out by type.
    Importing the same again changes nothing. Raises FileNotFoundError if there is nothing to read.
    """
    zone = page_zone()
    reader = _Reader(path, source, zone, on_progress)
    chunk = CHUNK_RECORDS if shift_to is None else None
    return importer.run(
        reader.populations(chunk), reader.summary, shift_to=shift_to, check=check, on_progress=on_progress
    )


def read_path(
    path: Path, on_progress: Progress = silent, *, source: str | None = None, zone: ZoneInfo = UTC_ZONE
) -> tuple[Population, Summary]:
    """Read and check the files without a database. Raises FileNotFoundError."""
    reader = _Reader(path, source, zone, on_progress)
    (population,) = reader.populations(None)
    return population, reader.summary


class _Reader:
    """Two readings of the files: first who is who, then the rows, a bounded number at a time."""

    def __init__(self, path: Path, source: str | None, zone: ZoneInfo, on_progress: Progress) -> None:
        if not path.exists():
            raise FileNotFoundError(f"no {path}")
        self._files = files(path)
        if not self._files:
            raise FileNotFoundError(f"{path} holds no .json, .ndjson or .zip file")
        folder = path if path.is_dir() else path.parent
        self.summary = Summary()
        self._sources = Sources(f"folder {folder.resolve()}", source)
        self._zone, self._on_progress = zone, on_progress

    def populations(self, chunk: int | None) -> Iterator[Population]:
        """All records, in parts of about `chunk`, or in one; a row never comes before its patient and visit."""
        found = survey(self._files, self._sources, self.summary, self._on_progress)
        second_reading = Parsing(found, self.summary, self._zone, Population(SOURCE))
        waiting = _Waiting(found.index.patients, found.encounters)
        for file in found.files:
            self._on_progress(f"reading {file.name}")
            self._read(file, second_reading)
            if chunk is not None and second_reading.size >= chunk:
                yield waiting.ready(second_reading.take())
        second_reading.finish()
        yield waiting.rest(second_reading.take())
        self.summary.left_out.update(found.left_out)
        if self._sources.uses_folder:
            self.summary.remarks.append(
                f"ids without a server's address count as those of '{self._sources.folder}':"
                " name their source (--source) to import them again from another place"
            )

    def _read(self, file: File, second_reading: Parsing) -> None:
        try:
            second_reading.read(file)
        except BadFile as fault:
            self.summary.refuse("file", Place(file.name), str(fault))


class _Waiting:
    """Holds back the rows whose patient or visit stands in a file that is read later."""

    def __init__(self, patients: set[str], encounters: set[str]) -> None:
        self._patients, self._encounters = patients, encounters
        self._seen: set[tuple[str, str | None]] = set()
        self._held: list[Record] = []

    def ready(self, population: Population) -> Population:
        """The rows that can be placed now, of these and of those held before."""
        arrived = [*self._held, *population.everything()]
        self._seen |= {(r.kind, r.source_id) for r in arrived if r.kind == "patient"}
        self._seen |= {(r.kind, r.source_id) for r in arrived if r.kind == "visit" and not self._lacks_patient(r)}
        self._held = [record for record in arrived if self._is_early(record)]
        early = set(map(id, self._held))
        return population.only([record for record in arrived if id(record) not in early])

    def rest(self, population: Population) -> Population:
        """All rows that are left; those that can't be placed are refused by whoever places them."""
        return population.only([*self._held, *population.everything()])

    def _lacks_patient(self, record: Record) -> bool:
        return record.patient in self._patients and ("patient", record.patient) not in self._seen

    def _is_early(self, record: Record) -> bool:
        if record.kind in ("clinic", "practitioner"):
            return False
        visit = record.visit
        return self._lacks_patient(record) or (
            visit is not None and visit in self._encounters and ("visit", visit) not in self._seen
        )
