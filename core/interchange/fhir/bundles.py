"""FHIR bundles as files: entries with their places, and references between them, however they are written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.interchange import json_lines
from core.interchange.csv_files import BadFile
from core.interchange.summary import Place

SUFFIXES = (".json", ".json.gz")
Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Item:
    """One resource of a bundle, or what stood in its place; entries count from 1."""

    place: Place
    resource: Any
    full_url: str | None = None


def files(path: Path) -> list[Path]:
    """A file, or the bundles of a directory by name."""
    if path.is_dir():
        return sorted(file for file in path.iterdir() if file.name.endswith(SUFFIXES) and file.is_file())
    return [path]


def items(path: Path) -> Iterator[Item]:
    """The resources of a bundle; a single resource counts as a bundle of one. Raises BadFile."""
    bundle = json_lines.document(path)
    if not isinstance(bundle, dict) or not isinstance(bundle.get("resourceType"), str):
        raise BadFile(f"{path.name} is not a FHIR resource: it has no resourceType")
    if bundle["resourceType"] != "Bundle":
        yield Item(Place(path.name, 1), bundle)
        return
    entries = bundle.get("entry", [])
    if not isinstance(entries, list):
        raise BadFile(f"{path.name}: the bundle's entry is not a list")
    for number, entry in enumerate(entries, start=1):
        place = Place(path.name, number)
        if isinstance(entry, dict):
            url = entry.get("fullUrl")
            yield Item(place, entry.get("resource"), url if isinstance(url, str) else None)
        else:
            yield Item(place, None)


def dig(value: Any, *path: str | int) -> Any:
    """What lies at a path of names and positions, or None where the shape is another."""
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = value[step] if isinstance(value, list) and len(value) > step else None
    return value


def each(value: Any) -> list[Any]:
    """A list as it is, anything else as no list."""
    return value if isinstance(value, list) else []


def wording(concept: Any) -> Any:
    """The words of a CodeableConcept."""
    return dig(concept, "text") or next(
        (dig(c, "display") for c in each(dig(concept, "coding")) if dig(c, "display")), None
    )


@dataclass(slots=True)
class References:
    """All resources that were read, found by full URL, `Type/id` or `urn:uuid:id`."""

    _by_name: dict[str, Resource] = field(default_factory=dict)

    def add(self, item: Item) -> None:
        """Make a resource findable."""
        kind, name = item.resource.get("resourceType"), item.resource.get("id")
        if item.full_url:
            self._by_name.setdefault(item.full_url, item.resource)
        if isinstance(name, str):
            self._by_name.setdefault(f"{kind}/{name}", item.resource)

    def resource(self, reference: Any, within: Resource | None = None) -> Resource | None:
        """The resource that a Reference names: contained, in this import, or None."""
        name = dig(reference, "reference")
        if not isinstance(name, str):
            return None
        if name.startswith("#"):
            contained = each(dig(within, "contained"))
            return next((part for part in contained if dig(part, "id") == name[1:]), None)
        name = name.split("/_history/", 1)[0]
        found = self._by_name.get(name)
        return found if found is not None else self._by_name.get("/".join(name.split("/")[-2:]))

    def id_of(self, reference: Any) -> str | None:
        """The id that a Reference names, whether or not its resource was read; None without a reference."""
        resource = self.resource(reference)
        if resource is not None and isinstance(resource.get("id"), str):
            return str(resource["id"])
        name = dig(reference, "reference")
        if not isinstance(name, str) or not name:
            value = dig(reference, "identifier", "value")
            return value if isinstance(value, str) else None
        if "identifier=" in name:
            return name.rsplit("|", 1)[-1].rsplit("identifier=", 1)[-1]
        name = name.split("/_history/", 1)[0]
        return name.removeprefix("urn:uuid:").removeprefix("urn:oid:").rsplit("/", 1)[-1]
