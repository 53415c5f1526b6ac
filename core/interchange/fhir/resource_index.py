"""What a first reading finds: who each resource is, and the few contents that others refer to by reference."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from core.interchange.fhir.bundles import Item, Resource, dig, each
from core.interchange.fhir.compact_marks import ObservationNames
from core.interchange.fhir.concepts import wording
from core.interchange.fhir.identifier_index import IdentifierIndex, identifier_in
from core.interchange.fhir.identity import UUID, Address, address, is_unique, own, qualified, urn
from core.interchange.fhir.problem_names import ProblemNames
from core.interchange.source_values import BadValue

# The elements that others read through a reference, by type.
CONTENT = {
    "Medication": ("code", "status", "form", "ingredient"),
    "Condition": ("code",),
    "Practitioner": ("name", "qualification"),
    "PractitionerRole": ("practitioner", "organization", "code"),
    "Organization": ("name", "address"),
    "Location": ("name", "managingOrganization"),
    "Specimen": ("type",),
    "Binary": ("contentType", "data"),
    "Media": ("content", "status", "subject"),
}
NAMED_BY_IDENTIFIER = ("Patient", "Encounter", "Practitioner", "Organization", "Location")
# What nothing of a record refers to: most of what a bundle holds.
NEVER_NAMED = frozenset(
    ("Observation", "DiagnosticReport", "Procedure", "Immunization", "MedicationRequest", "MedicationStatement",
     "AllergyIntolerance", "Claim", "ExplanationOfBenefit", "Provenance")
)  # fmt: skip
# The elements that tell when an Observation or a report was.
TIMES = ("effectiveDateTime", "effectiveInstant", "effectivePeriod", "effectiveTiming", "issued")
_ANY_TIME = frozenset(TIMES)
Known = tuple[str, str]  # type and qualified id


def is_timeless(resource: Resource) -> bool:
    """Whether an Observation does not say when it was: then what names it may."""
    return resource["resourceType"] == "Observation" and _ANY_TIME.isdisjoint(resource)


@dataclass(slots=True)
class Sources:
    """The names of an import's sources: a server's base, or else the folder; `named` is what the user calls it.

    In the folder `waiting` lie the files of notes until they are kept.
    """

    folder: str
    named: str | None = None
    bases: set[str] = field(default_factory=set)
    uses_folder: bool = False
    waiting: str | None = None

    def of(self, base: str) -> str:
        """The source of a resource at a base; an empty base is the folder's."""
        if self.named is None:
            self.uses_folder |= not base
            return base or self.folder
        return self.named if len(self.bases) < 2 or not base else f"{self.named} {base}"

    def qualified(self, base: str, own_id: str) -> str:
        """An id with its source; without a server's base or a name from the user, a UUID stands alone."""
        alone = not base and self.named is None and is_unique(own_id)
        return qualified("" if alone else self.of(base), own_id)

    def of_urn(self, named: str) -> str:
        """The id that a URN is, alone if it names one thing in the world."""
        return named.lower() if is_unique(named) else self.qualified("", named)


@dataclass(slots=True)
class Scope:
    """The names within one file: full URLs and `Type/id`, of what others may refer to."""

    by_url: dict[str, Known] = field(default_factory=dict)
    by_name: dict[str, tuple[Known, ...]] = field(default_factory=dict)
    resolved: dict[str, Known | None] = field(default_factory=dict)
    observations: ObservationNames = field(default_factory=ObservationNames)

    @property
    def size(self) -> int:
        """How many names there are."""
        return len(self.by_url) + len(self.by_name) + len(self.observations)

    def add(self, item: Item, known: Known) -> None:
        """Make a resource findable within its file."""
        if item.full_url:
            self.by_url[item.full_url.split("/_history/", 1)[0]] = known
        own_id = own(item.resource.get("id"))
        if isinstance(own_id, str):
            name = f"{known[0]}/{own_id}"
            same = self.by_name.get(name, ())
            if known not in same:
                self.by_name[name] = (*same, known)


@dataclass(slots=True)
class Index:
    """All files of an import. Identity first, contents second; what only one file needs stays in its scope."""

    sources: Sources
    by_identifier: IdentifierIndex = field(default_factory=IdentifierIndex)
    content: dict[Known, Resource] = field(default_factory=dict)
    patients: set[str] = field(default_factory=set)
    replaced: dict[str, str] = field(default_factory=dict)
    problem_names: ProblemNames = field(default_factory=ProblemNames)
    _wordings: dict[str, Resource] = field(default_factory=dict)

    def absorb(self, other: Index) -> None:
        """Take in what was found in other files."""
        self.sources.bases |= other.sources.bases
        self.sources.uses_folder |= other.sources.uses_folder
        self.patients |= other.patients
        self.replaced |= other.replaced
        self.problem_names.absorb(other.problem_names)
        self.content |= other.content
        self.by_identifier.absorb(other.by_identifier)

    def base_of(self, item: Item) -> str:
        """The server's base in an entry's full URL; empty without one."""
        url = item.full_url
        found = address(url) if url and not url.startswith("urn:") else None
        return found.base if found is not None else ""

    def identity(self, item: Item) -> str | None:
        """The qualified id of an entry's resource; None if nothing names it."""
        own_id = own(item.resource.get("id"))
        named = urn(item.full_url) if item.full_url else None
        if named is not None:
            return self.sources.of_urn(named)
        if isinstance(own_id, str) and own_id:
            return self.sources.qualified(self.base_of(item), own_id)
        found = address(item.full_url) if item.full_url else None
        return self.sources.qualified(found.base, found.id) if found is not None else None

    def deleted(self, item: Item) -> Known | None:
        """Type and qualified id of the resource that an entry says was deleted."""
        found = address(item.deleted or "")
        if found is None:
            return None
        return found.type, self.sources.qualified(found.base or self.base_of(item), found.id)

    def add(self, item: Item, scope: Scope) -> str | None:
        """Make a resource findable; gives its qualified id."""
        kind = str(item.resource.get("resourceType"))
        identity = self.identity(item)
        if identity is None or kind in NEVER_NAMED:
            if identity is not None and is_timeless(item.resource):
                scope.observations.add(item, identity)
            return identity
        known = (kind, identity)
        scope.add(item, known)
        if kind == "Patient":
            self.patients.add(identity)
            self._add_replaced(item, scope)
        if kind in NAMED_BY_IDENTIFIER:
            self._add_identifiers(kind, identity, item.resource)
        if kind in CONTENT:
            self.content[known] = self._content(kind, item.resource)
        return identity

    def _content(self, kind: str, resource: Resource) -> Resource:
        if kind == "Condition":
            # Only its words are asked for, and many have the same.
            words = wording(resource.get("code")) or ""
            self.problem_names.add(resource.get("code"))
            return self._wordings.setdefault(words, {"resourceType": kind, "code": {"text": words}})
        return {"resourceType": kind, **{name: resource[name] for name in CONTENT[kind] if name in resource}}

    def _add_replaced(self, item: Item, scope: Scope) -> None:
        """Remember whom a Patient says that it replaces: the other may not say so itself."""
        for link in each(item.resource.get("link")):
            if dig(link, "type") == "replaces":
                with suppress(BadValue):
                    found = Resolver(self, scope, item).find(dig(link, "other"))
                    if found is not None:
                        self.replaced[found[1]] = f"Patient/{item.resource.get('id') or 'another record'}"

    def _add_identifiers(self, kind: str, identity: str, resource: Resource) -> None:
        for part in each(resource.get("identifier")):
            value = dig(part, "value")
            if isinstance(value, str):
                self.by_identifier.add(kind, str(dig(part, "system") or ""), value, identity)


@dataclass(frozen=True, slots=True)
class Resolver:
    """Resolves the references of one entry: full URLs of its file first, then the source of the entry."""

    index: Index
    scope: Scope
    item: Item

    def find(self, reference: Any) -> Known | None:
        """Type and qualified id of what a Reference names, or None. Raises BadValue for one that is unclear."""
        name = dig(reference, "reference")
        if not isinstance(name, str) or not name.strip():
            return self._by_identifier(reference)
        if self.item.full_url and not self.item.full_url.startswith("urn:"):
            return self._named(name)
        # Without a server of its own, an entry's references mean the same as its file's others.
        if name not in self.scope.resolved:
            self.scope.resolved[name] = self._named(name)
        known = self.scope.resolved[name]
        return (str(dig(reference, "type") or ""), known[1]) if known is not None and not known[0] else known

    def find_if_clear(self, reference: Any) -> Known | None:
        """The same, or None for one that is unclear."""
        with suppress(BadValue):
            return self.find(reference)
        return None

    def _named(self, name: str) -> Known | None:
        name = name.strip().split("/_history/", 1)[0]
        if name.startswith("#"):
            return None
        known = self.scope.by_url.get(name)
        if known is not None:
            return known
        own = urn(name)
        if own is not None:
            return "", self.index.sources.of_urn(own)
        if "?" in name:
            return self._by_identifier({"reference": name})
        found = address(name)
        if found is None:
            raise BadValue(f"its reference '{name[:80]}' names no resource")
        return self._at(found)

    def _at(self, found: Address) -> Known:
        sources = self.index.sources
        if found.base:
            known_nowhere = found.base not in sources.bases and UUID.fullmatch(found.id)
            return found.type, found.id.lower() if known_nowhere else sources.qualified(found.base, found.id)
        base = self.index.base_of(self.item)
        scheme = str(self.item.full_url).split("://", 1)[0]
        known = self.scope.by_url.get(f"{scheme}://{base}/{found.type}/{found.id}") if base else None
        known = known or self._in_file(found, base)
        return known or (found.type, sources.qualified(base, found.id))

    def _in_file(self, found: Address, base: str) -> Known | None:
        """The one resource of the file with this type and id, but for those of another server."""
        same = self.scope.by_name.get(f"{found.type}/{found.id}", ())
        theirs = {known for known in same if not base or "@" not in known[1]}
        if len(theirs) > 1:
            raise BadValue(f"its reference {found.type}/{found.id} fits {len(theirs)} resources of this file")
        return next(iter(theirs), None)

    def _by_identifier(self, reference: Any) -> Known | None:
        named = identifier_in(reference)
        return self._identified(*named) if named is not None else None

    def _identified(self, kind: str, system: str, value: str) -> Known | None:
        kinds = (kind,) if kind else NAMED_BY_IDENTIFIER
        found = {(one, identity) for one in kinds for identity in self.index.by_identifier.of(one, system, value)}
        if len(found) > 1:
            raise BadValue(f"its reference to identifier {value[:40]} fits {len(found)} resources")
        return next(iter(found)) if found else (kind, value) if UUID.fullmatch(value) else None

    def contradicts(self, reference: Any, identity: str) -> bool:
        """Whether the identifier in a Reference is that of other patients of this import alone."""
        system, value = dig(reference, "identifier", "system"), dig(reference, "identifier", "value")
        holders = self.index.by_identifier.of("Patient", str(system or ""), str(value))
        return bool(holders) and identity not in holders

    def of_contained(self, reference: Any) -> Known | None:
        """The one resource of this import that has an identifier of the contained one, or None. Raises BadValue."""
        inside = self.content(reference)
        kind = str(dig(inside, "resourceType"))
        pairs = [(dig(part, "system"), dig(part, "value")) for part in each(dig(inside, "identifier"))]
        found = {
            identity
            for system, value in pairs
            if isinstance(system, str) and isinstance(value, str)
            for identity in self.index.by_identifier.of(kind, system, value)
        }
        if len(found) > 1:
            raise BadValue(f"the identifiers of its contained {kind} fit {len(found)} resources")
        return (kind, next(iter(found))) if found else None

    def content(self, reference: Any) -> Resource | None:
        """What is known of the resource that a Reference names: contained, or of this import."""
        name = dig(reference, "reference")
        if isinstance(name, str) and name.startswith("#"):
            return next(
                (part for part in each(self.item.resource.get("contained")) if dig(part, "id") == name[1:]), None
            )
        known = self.find(reference)
        if known is None:
            return None
        return self.index.content.get(known)
