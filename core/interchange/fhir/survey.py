"""The first reading: who is who, which files are not R4, what is left out, and what comes more than once."""

from __future__ import annotations

import itertools
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from core.interchange.csv_files import BadFile
from core.interchange.fhir import labels, replaced_orders, report_media
from core.interchange.fhir.bundles import File, Item, Resource, items
from core.interchange.fhir.compact_marks import Pairs, mark_of
from core.interchange.fhir.document import text_marks, visit_of_undated
from core.interchange.fhir.identity import address
from core.interchange.fhir.lent_times import Lent, named_by, observation_named
from core.interchange.fhir.resource_index import CONTENT, Index, Resolver, Scope, Sources, is_timeless
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
    "Composition": "note",
    "Immunization": "statement",
    "Procedure": "statement",
}
# Read for what others refer to; no rows of their own.
NAMES_ONLY = frozenset(CONTENT) - frozenset(KINDS)
# Beyond so many names in all files, those of a file are read again with it.
NAMES_MAX = 50_000


@dataclass(slots=True)
class Found:
    """What the first reading found of all files: as much as each file's second reading needs, and no more.

    `repeated` has the marks of resources that came more than once; `document_texts` those of texts that stand in
    documents, which a report presents once more; `timeless` those of Observations and texts without a time, which
    others may have `lent` them.
    """

    index: Index
    left_out: Counter[str] = field(default_factory=Counter)
    encounters: set[str] = field(default_factory=set)
    repeated: frozenset[int] = frozenset()
    document_texts: set[int] = field(default_factory=set)
    timeless: Pairs = field(default_factory=Pairs)
    lent: Lent = field(default_factory=Lent)
    media: Counter[str] = field(default_factory=Counter)
    media_named: set[str] = field(default_factory=set)
    seen: array[int] = field(default_factory=lambda: array("Q"))
    summary: Summary = field(default_factory=Summary)

    def absorb(self, other: Found) -> None:
        """Take in what was found in other files."""
        self.index.absorb(other.index)
        self.left_out.update(other.left_out)
        self.encounters |= other.encounters
        self.document_texts |= other.document_texts
        self.timeless.absorb(other.timeless)
        self.media.update(other.media)
        self.media_named |= other.media_named
        self.seen.extend(other.seen)
        self.summary.add(other.summary)

    def close(self) -> None:
        """All files have been read: find what came more than once."""
        ordered = sorted(self.seen)
        self.repeated = frozenset(one for one, other in itertools.pairwise(ordered) if one == other)
        self.seen = array("Q")
        alone = sum(count for name, count in self.media.items() if name not in self.media_named)
        if alone:
            self.left_out["Media that no report names"] += alone


@dataclass(slots=True)
class Survey:
    """The files of one reader: what was found in all of them, and what the second reading of each begins with."""

    found: Found
    files: list[File] = field(default_factory=list)
    scopes: dict[str, Scope] = field(default_factory=dict)
    skips: dict[str, array[int]] = field(default_factory=dict)
    names: int = 0

    def read(self, file: File) -> None:
        """Read a file; one that another version of FHIR wrote is refused as a whole. Raises BadFile."""
        scope, skips, types = Scope(), array("L"), Counter[str]()
        left_out = self.found.left_out.copy()
        version = None
        bases = self.found.index.sources.bases
        envelope: Resource = {}
        any_label = False
        for item in items(file, envelope=envelope):
            bases.add(self.found.index.base_of(item))
            if item.deleted is not None:
                self._deleted(item)
            elif is_resource(item):
                types[item.resource["resourceType"]] += 1
                version = version or other_version(item.resource)
                any_label = any_label or labels.label_of(item.resource) is not None
                self._add(item, scope, skips)
        bases.discard("")
        if version is not None:
            self.found.left_out = left_out
            told = ", ".join(f"{count:,} {name}" for name, count in sorted(types.items()))
            raise BadFile(f"{file.name} is written in {version}, not R4: convert it first ({told} not read)")
        label = None if any_label else labels.label_of(envelope)
        if label is not None:
            self.found.left_out = left_out
            raise BadFile(
                f"{file.name} is labelled {label.words} (for few) as a whole: label the resources it is about"
            )
        self._keep(file, scope, skips)

    def _keep(self, file: File, scope: Scope, skips: array[int]) -> None:
        self.files.append(file)
        self.skips[file.name] = skips
        if self.names + scope.size <= NAMES_MAX:
            self.scopes[file.name] = scope
            self.names += scope.size

    def _deleted(self, item: Item) -> None:
        known = self.found.index.deleted(item)
        self.found.seen.extend([mark_of(*known)] if known is not None else ())

    def names_of(self, file: File) -> Scope:
        """The names within a file, read again if they were too many to be kept. Raises BadFile."""
        scope = self._scope_of(file)
        self.scopes.pop(file.name, None)
        return scope

    def _scope_of(self, file: File) -> Scope:
        scope = self.scopes.get(file.name)
        if scope is None:
            scope = Scope()
            for item in items(file):
                if is_resource(item):
                    self.found.index.add(item, scope)
        return scope

    def _add(self, item: Item, scope: Scope, skips: array[int]) -> None:
        identity = self.found.index.add(item, scope)
        if item.resource["resourceType"] in KINDS:
            self._count_named(item.resource)
            if "priorPrescription" in item.resource:
                replaced_orders.note(self.found.index, scope, item)
            if identity is not None:
                self._count_row(item.resource, identity)
        else:
            self._count_without_row(item)
            if item.length:
                skips.extend([0] * (item.place.line - 1 - len(skips)))
                skips.append(item.length)

    def _count_without_row(self, item: Item) -> None:
        kind = item.resource["resourceType"]
        if kind == "Media":
            self.found.media[str(item.resource.get("id") or (item.full_url or "").rsplit(":", 1)[-1])] += 1
        elif kind not in NAMES_ONLY:
            self.found.left_out[kind] += 1

    def _count_named(self, resource: Resource) -> None:
        """What a resource has of others: the pictures that a report names, the texts that stand in a document."""
        if resource["resourceType"] == "DiagnosticReport" and "media" in resource:
            self.found.media_named |= report_media.names(resource)
        elif resource["resourceType"] == "DocumentReference":
            self.found.document_texts.update(text_marks(resource))

    def _count_row(self, resource: Resource, identity: str) -> None:
        if resource["resourceType"] == "Encounter":
            self.found.encounters.add(identity)
        mark = mark_of(resource["resourceType"], identity)
        self.found.seen.append(mark)
        if is_timeless(resource) or visit_of_undated(resource) is not None:
            self.found.timeless.add(mark)

    def lent_times(self, zone: ZoneInfo) -> Lent:
        """The times that these files lend to the Observations of all files that have none: a reading of its own."""
        lent = Lent()
        for file in self.files:
            # What a report calls its values nobody else asks for.
            scope = replace(self._scope_of(file), resolved={})
            with suppress(BadFile):
                for item in items(file, self.skips.get(file.name, ())):
                    self._lend(lent, item, scope, zone)
                    scope.resolved.clear()
        return lent

    def _lend(self, lent: Lent, item: Item, scope: Scope, zone: ZoneInfo) -> None:
        identity = self.found.index.identity(item) if item.deleted is None and is_resource(item) else None
        if identity is None:
            return
        mark = mark_of(item.resource["resourceType"], identity)
        if item.resource["resourceType"] == "Encounter":
            lent.take_visit(mark, item, zone)
        resolver = Resolver(self.found.index, scope, item)
        named = {observation_named(one, resolver) for one in named_by(item)}
        wanted = {one for one in named if one is not None and one in self.found.timeless}
        if wanted:
            lent.take(mark, wanted, resolver)


def survey(files: Sequence[File], sources: Sources, on_progress: Progress) -> Survey:
    """Read files once. What can't be read is refused."""
    found = Survey(Found(Index(sources)))
    for file in files:
        on_progress(f"looking at {file.name}")
        try:
            found.read(file)
        except BadFile as fault:
            found.found.summary.refuse("file", Place(file.name), str(fault))
    return found


def bases_of(files: Sequence[File], sources: Sources) -> set[str]:
    """The servers that entries come from, if ids depend on how many these are: when the source is named."""
    return {base for file in files for base in _bases(file)} if sources.named is not None else set()


def _bases(file: File) -> Iterator[str]:
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
