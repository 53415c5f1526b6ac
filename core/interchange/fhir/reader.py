"""FHIR R4 in: patients with their encounters, values, problems, allergies, medicines, notes and statements."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from core.interchange import importer
from core.interchange.fhir.bundles import files
from core.interchange.fhir.gathering import Gathering
from core.interchange.fhir.newest_version import make_newest
from core.interchange.fhir.reading import reading
from core.interchange.fhir.resource_index import Sources
from core.interchange.fhir.second_reading import Maker
from core.interchange.source_rows import Population
from core.interchange.summary import Progress, Summary, silent
from core.stores.page_zone import page_zone

CHUNK_RECORDS, FILE_RECORDS = 5_000, 10_000
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
    reader = _Reader(path, source, zone, on_progress, keeps_files=not check)
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

    def __init__(
        self, path: Path, source: str | None, zone: ZoneInfo, on_progress: Progress, *, keeps_files: bool = False
    ) -> None:
        if not path.exists():
            raise FileNotFoundError(f"no {path}")
        self._files = files(path)
        if not self._files:
            raise FileNotFoundError(f"{path} holds no .json, .ndjson or .zip file")
        folder = path if path.is_dir() else path.parent
        self.summary = Summary()
        self._sources = Sources(f"folder {folder.resolve()}", source)
        self._zone, self._on_progress, self._keeps_files = zone, on_progress, keeps_files

    def populations(self, chunk: int | None) -> Iterator[Population]:
        """All records, in parts of about `chunk`, or in one; a row never comes before its patient and visit."""
        with tempfile.TemporaryDirectory(prefix="strata-import-") as waiting:
            self._sources.waiting = waiting if self._keeps_files else None
            with reading(self._files, self._sources, self._zone, self._on_progress) as both:
                self.summary.add(both.found.summary)
                gathering = Gathering(self.summary, both.found)
                for made in both.made():
                    gathering.take(made)
                    # A patient's rows of one file stay together, unless it is a very long one.
                    full = chunk if chunk is not None and made.ends_file else FILE_RECORDS
                    if chunk is not None and gathering.size >= full:
                        yield gathering.ready()
            maker = Maker(both.found, self._zone)
            make_newest(gathering.versions, maker)
            gathering.take(maker.hand_over())
            yield gathering.rest()
        self.summary.left_out.update(both.found.left_out)
        if self._sources.uses_folder:
            self.summary.remarks.append(
                f"ids without a server's address count as those of '{self._sources.folder}':"
                " name their source (--source) to import them again from another place"
            )
