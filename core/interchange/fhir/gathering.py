"""What the second reading makes, gathered into populations: a row never comes before its patient and its visit."""

from __future__ import annotations

from collections.abc import Iterable

from core.interchange.fhir.resource_index import Known
from core.interchange.fhir.second_reading import SOURCE, Made, Waiting
from core.interchange.fhir.survey import Found
from core.interchange.source_rows import Population, Record
from core.interchange.summary import Place, Summary

SHARED = ("clinic", "practitioner")


class Gathering:
    """Records that stand ready, and those whose patient or visit is read later."""

    def __init__(self, summary: Summary, found: Found) -> None:
        self.versions: list[tuple[Known, Waiting]] = []
        self._summary = summary
        self._patients_to_come, self._visits_to_come = set(found.index.patients), set(found.encounters)
        self._refused: dict[tuple[str, str], Place] = {}
        self._population = Population(SOURCE, refused=self._refused)
        self._rest = Population(SOURCE)
        self._counted: set[tuple[str, str | None]] = set()
        self._here: set[tuple[str, str | None]] = set()
        self._held: list[Record] = []

    @property
    def size(self) -> int:
        """How many records stand ready."""
        return self._population.size

    def take(self, made: Made) -> None:
        """Take in what was made. What is taken back waits for all rows: it may come before them."""
        self._summary.add(made.summary)
        self.versions += made.versions
        self._rest.retractions += made.population.retractions
        for name, place in made.population.refused.items():
            self._refused.setdefault(name, place)
        for kind, records in made.population.records.items():
            if kind in SHARED:
                self._take_shared(records)
            else:
                self._population.records.setdefault(kind, []).extend(records)

    def _take_shared(self, records: list[Record]) -> None:
        """Clinics and practitioners: each once in a population, counted once in an import."""
        for record in records:
            name = (record.kind, record.source_id)
            if name not in self._counted:
                self._counted.add(name)
                self._summary.of(record.kind).read += 1
            if name not in self._here:
                self._here.add(name)
                self._population.add(record)

    def ready(self) -> Population:
        """The rows that can be placed now, of these and of those held before."""
        arrived = self._everything()
        self._patients_to_come -= _ids(record for record in arrived if record.kind == "patient")
        visits = (record for record in arrived if record.kind == "visit")
        self._visits_to_come -= _ids(visit for visit in visits if not self._lacks_patient(visit))
        self._held = list(filter(self._is_early, arrived))
        early = set(map(id, self._held))
        return self._of([record for record in arrived if id(record) not in early])

    def rest(self) -> Population:
        """All rows that are left, and what is taken back; what can't be placed is refused by whoever places it."""
        population = self._of(self._everything())
        population.retractions = self._rest.retractions
        return population

    def _everything(self) -> list[Record]:
        arrived = [*self._held, *self._population.everything()]
        self._population, self._here = Population(SOURCE, refused=self._refused), set()
        return arrived

    def _of(self, records: list[Record]) -> Population:
        population = Population(SOURCE, refused=self._refused)
        for record in records:
            population.add(record)
        return population

    def _lacks_patient(self, record: Record) -> bool:
        return record.patient in self._patients_to_come

    def _is_early(self, record: Record) -> bool:
        if record.kind in SHARED:
            return False
        return self._lacks_patient(record) or record.visit in self._visits_to_come


def _ids(records: Iterable[Record]) -> set[str]:
    return {record.source_id or "" for record in records}
