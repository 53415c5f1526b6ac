"""The first reading: who is who, which files are not R4, what is left out, and what comes more than once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from core.interchange.csv_files import BadFile
from core.interchange.fhir.bundles import File, Item, items
from core.interchange.fhir.identity import address
from core.interchange.fhir.resource_index import CONTENT, Index, Known, Scope, Sources
from core.interchange.fhir.versions import other_version
from core.interchange.summary import Place, Progress, Summary

KINDS = {
    "Patient": "patient",
    "Encounter": "visit",
    "Observation": "observation",
    "Condition": "condition",
    "AllergyIntolerance": "allergy",
    "MedicationRequest": "prescription",
    "MedicationStatement": "prescription",
    "DocumentReference": "note",
    "DiagnosticReport": "note",
    "Immunization": "statement",
    "Procedure": "statement",
}
# Read for what others refer to; no rows of their own.
NAMES_ONLY = frozenset(CONTENT) - frozenset(KINDS)
# Beyond so many names in all files, those of a file are read again with it.
NAMES_MAX = 100_000


@dataclass(slots=True)
class Survey:
    """What the first reading found."""

    index: Index
    files: list[File] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    repeated: set[Known] = field(default_factory=set)
    encounters: set[str] = field(default_factory=set)
    scopes: dict[str, Scope] = field(default_factory=dict)
    names: int = 0
    resources: int = 0
    _seen: set[int] = field(default_factory=set)

    def add(self, item: Item, scope: Scope) -> None:
        """Count a resource and make it findable."""
        kind = str(item.resource["resourceType"])
        self.index.add(item, scope)
        identity = self.index.identity(item)
        if kind not in KINDS:
            if kind not in NAMES_ONLY:
                self.left_out[kind] += 1
            return
        self.resources += 1
        if identity is None:
            return
        if kind == "Encounter":
            self.encounters.add(identity)
        mark = hash((kind, identity))
        if mark in self._seen:
            self.repeated.add((kind, identity))
        self._seen.add(mark)

    def read(self, file: File) -> None:
        """Read a file; one that another version of FHIR wrote is refused as a whole. Raises BadFile."""
        scope, types, left_out = Scope(), Counter[str](), self.left_out.copy()
        version = None
        for item in items(file):
            self.index.sources.bases.add(self.index.base_of(item))
            if is_resource(item):
                types[item.resource["resourceType"]] += 1
                version = version or other_version(item.resource)
                self.add(item, scope)
        if version is not None:
            self.left_out = left_out
            told = ", ".join(f"{count:,} {name}" for name, count in sorted(types.items()))
            raise BadFile(f"{file.name} is written in {version}, not R4: convert it first ({told} not read)")
        self.index.sources.bases.discard("")
        self.files.append(file)
        if self.names + len(scope.by_url) <= NAMES_MAX:
            self.scopes[file.name] = scope
            self.names += len(scope.by_url)


def survey(files: Sequence[File], sources: Sources, summary: Summary, on_progress: Progress) -> Survey:
    """Read all files once. What can't be read is refused."""
    if sources.named is not None:
        sources.bases |= {base for file in files for base in _bases(file)}
    found = Survey(Index(sources))
    for file in files:
        on_progress(f"looking at {file.name}")
        try:
            found.read(file)
        except BadFile as fault:
            summary.refuse("file", Place(file.name), str(fault))
    return found


def _bases(file: File) -> Iterator[str]:
    """The servers that a file's entries come from."""
    try:
        for item in items(file):
            found = address(item.full_url) if item.full_url else None
            if found is not None and found.base:
                yield found.base
    except BadFile:
        return


def is_resource(item: Item) -> bool:
    """Whether something of FHIR stands at an entry."""
    return isinstance(item.resource, dict) and isinstance(item.resource.get("resourceType"), str)
