"""FHIR R4 bundles in: patients with their encounters, values, problems, allergies, medicines and notes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from core.interchange import importer
from core.interchange.csv_files import BadFile
from core.interchange.fhir import document
from core.interchange.fhir.allergy import allergy
from core.interchange.fhir.bundles import Item, References, files, items
from core.interchange.fhir.condition import condition
from core.interchange.fhir.encounter import encounter
from core.interchange.fhir.medication import prescription
from core.interchange.fhir.observation import observations
from core.interchange.fhir.patient import CareTeam, patient
from core.interchange.source_rows import Population, Record
from core.interchange.source_values import BadValue
from core.interchange.summary import Place, Progress, Summary, silent

SOURCE = "fhir"
KINDS = {
    "Patient": "patient",
    "Encounter": "visit",
    "Observation": "observation",
    "Condition": "condition",
    "AllergyIntolerance": "allergy",
    "MedicationRequest": "prescription",
    "DocumentReference": "note",
    "DiagnosticReport": "note",
}


def import_path(path: Path, *, shift_to: date | None = None, on_progress: Progress = silent) -> Summary:
    """Import a bundle (.json or .json.gz), or all bundles of a directory, as one population.

    Every resource that we keep is new, unchanged, updated or refused with file, entry and reason; other types are
    left aside. Importing the same again changes nothing. Raises FileNotFoundError if there is nothing to read.
    """
    population, summary = read_path(path, on_progress)
    return importer.run(population, summary, shift_to=shift_to, on_progress=on_progress)


def read_path(path: Path, on_progress: Progress = silent) -> tuple[Population, Summary]:
    """Read and check the bundles without a database. Raises FileNotFoundError."""
    if not path.exists():
        raise FileNotFoundError(f"no {path}")
    found = files(path)
    if not found:
        raise FileNotFoundError(f"{path} holds no .json or .json.gz file")
    reader = _Reader()
    for file in found:
        on_progress(f"reading {file.name}")
        reader.read(file)
    reader.parse()
    return reader.population, reader.summary


class _Reader:
    """First every resource is made findable, then each is parsed; notes last, documents before reports."""

    def __init__(self) -> None:
        self.population, self.summary = Population(SOURCE), Summary()
        self._references = References()
        self._team = CareTeam(self.population, self.summary, self._references)
        self._items: dict[str, list[Item]] = {name: [] for name in KINDS}
        self._texts: set[tuple[str, str]] = set()

    def read(self, file: Path) -> None:
        try:
            for item in items(file):
                self._take(item)
        except BadFile as fault:
            self.summary.refuse("file", Place(file.name), str(fault))

    def _take(self, item: Item) -> None:
        name = item.resource.get("resourceType") if isinstance(item.resource, dict) else None
        if not isinstance(name, str):
            self.summary.refuse("file", item.place, "the entry holds no resource with a resourceType")
            return
        self._references.add(item)
        if name in self._items:
            self._items[name].append(item)

    def parse(self) -> None:
        references, team = self._references, self._team
        self._each("Patient", lambda item: [patient(item.resource, item.place)])
        self._each("Encounter", lambda item: [encounter(item.resource, item.place, references, team)])
        self._each("Observation", lambda item: observations(item.resource, item.place, references))
        self._each("Condition", lambda item: [condition(item.resource, item.place, references)])
        self._each("AllergyIntolerance", lambda item: [allergy(item.resource, item.place, references)])
        self._each("MedicationRequest", lambda item: [prescription(item.resource, item.place, references)])
        self._each("DocumentReference", self._document)
        self._each("DiagnosticReport", self._report)

    def _each(self, name: str, parse: Callable[[Item], list[Record]]) -> None:
        kind = KINDS[name]
        for item in self._items[name]:
            try:
                records = parse(item)
            except BadValue as fault:
                self.summary.of(kind).read += 1
                self.summary.refuse(kind, item.place, str(fault))
                self.population.refused.setdefault((kind, str(item.resource.get("id"))), item.place)
                continue
            self.summary.of(kind).read += len(records)
            for record in records:
                self.population.add(record)

    def _document(self, item: Item) -> list[Record]:
        record = document.document(item.resource, item.place, self._references)
        self._texts.add((record.patient, record.values["text"]))
        return [record]

    def _report(self, item: Item) -> list[Record]:
        record = document.report(item.resource, item.place, self._references)
        if record is None or (record.patient, record.values["text"]) in self._texts:
            return []
        return [record]
