"""FHIR files: bundles, single resources, NDJSON of bulk exports; packed or not. Every resource with its place."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from core.interchange import json_lines
from core.interchange.csv_files import LINE_BYTES_MAX, BadFile
from core.interchange.fhir import json_entries
from core.interchange.fhir.json_entries import Window
from core.interchange.fhir.text_parts import text_parts
from core.interchange.json_lines import BadJson, faults_told
from core.interchange.summary import Place

READ_SUFFIXES = (".json", ".ndjson", ".jsonl")
SUFFIXES = (*READ_SUFFIXES, *(f"{suffix}.gz" for suffix in READ_SUFFIXES), ".zip", ".xml", ".xml.gz")
DEPTH_MAX = 8
# Methods of a batch that bring nothing.
ASKING = ("GET", "HEAD")
LISTED = "it is a list. Put its resources into a Bundle, or each on a line of an .ndjson file"
LINES = "; if each of its lines is a resource, let its name end in .ndjson"
Resource = dict[str, Any]


@dataclass(slots=True)
class Item:
    """One resource of a bundle, or what stood in its place; entries count from 1.

    `deleted` is the address (`Type/id`) that an entry without a resource says was deleted. `length` tells how to pass
    over an entry when it is read again, 0 of one that holds several. `is_plain` is true if its text has none of the
    marks that were asked for. `repeats` is how many later entries of the file say just the same.
    """

    place: Place
    resource: Any
    full_url: str | None = None
    length: int = 0
    is_plain: bool = False
    deleted: str | None = None
    fault: str | None = None
    repeats: int = 0


@dataclass(frozen=True, slots=True)
class File:
    """One file to read: on the disk, or a member of a zip file there."""

    path: Path
    member: str | None = None

    @property
    def name(self) -> str:
        return self.path.name if self.member is None else f"{self.path.name}/{self.member}"

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """The bytes, unpacked. Raises OSError, BadZipFile."""
        with ExitStack() as opened:
            if self.member is None:
                plain: IO[bytes] = opened.enter_context(self.path.open("rb"))
            else:
                plain = opened.enter_context(opened.enter_context(zipfile.ZipFile(self.path)).open(self.member))
            yield cast(IO[bytes], opened.enter_context(gzip.open(plain))) if self.name.endswith(".gz") else plain

    @property
    def is_lines(self) -> bool:
        return self.name.removesuffix(".gz").endswith((".ndjson", ".jsonl"))


def files(path: Path) -> list[File]:
    """A file, or those of a directory by name; the members of zip files one by one. Raises BadFile."""
    if path.is_dir():
        found = sorted(file for file in path.iterdir() if file.name.lower().endswith(SUFFIXES) and file.is_file())
    else:
        found = [path]
    return [part for file in found for part in _parts(file)]


def _parts(path: Path) -> list[File]:
    if path.suffix.lower() != ".zip":
        return [File(path)]
    try:
        with zipfile.ZipFile(path) as packed:
            names = sorted(name for name in packed.namelist() if name.lower().endswith(SUFFIXES))
    except (OSError, zipfile.BadZipFile):
        return [File(path)]
    return [File(path, name) for name in names] or [File(path)]


def items(
    file: File, skips: Sequence[int] = (), marks: Sequence[str] = (), envelope: Resource | None = None
) -> Iterator[Item]:
    """The resources of a file, those of bundles inside bundles too. Raises BadFile.

    `skips` has a number other than 0 for each entry or line to pass over: the length of its text. An item is plain if
    its text has none of the `marks`. `envelope` takes what a bundle says of itself.
    """
    if file.name.lower().removesuffix(".gz").endswith(".xml"):
        raise BadFile(f"{file.name} is XML: export it as FHIR JSON")
    try:
        yield from (
            _lines(file, skips, marks)
            if file.is_lines
            else _document(file, skips, marks, envelope if envelope is not None else {})
        )
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError) as fault:
        raise BadFile(f"{file.name} can't be read ({fault or type(fault).__name__})") from None


def _lines(file: File, skips: Sequence[int], marks: Sequence[str]) -> Iterator[Item]:
    with file.open() as opened:
        for number, raw in enumerate(iter(lambda: opened.readline(LINE_BYTES_MAX + 1), b""), start=1):
            if len(raw) > LINE_BYTES_MAX:
                raise BadFile(f"{file.name}: line {number} is longer than {LINE_BYTES_MAX:,} bytes; reading ended")
            if not raw.strip() or (number <= len(skips) and skips[number - 1]):
                continue
            try:
                value = json_lines.parse(raw)
            except BadJson as fault:
                yield Item(Place(file.name, number), None, fault=f"the line {fault}")
                continue
            is_plain = not any(mark.encode() in raw for mark in marks)
            yield from _unfolded(value, Item(Place(file.name, number), None, length=1, is_plain=is_plain), 0)


def _document(file: File, skips: Sequence[int], marks: Sequence[str], alone: Resource) -> Iterator[Item]:
    kind: Any = None
    try:
        with file.open() as opened, faults_told():
            window = Window(text_parts(opened, file.name))
            if window.peek() != "{":
                is_list = isinstance(window.value(), list)
                window.end()
                raise BadFile(f"{file.name} is not a FHIR resource: {LISTED if is_list else 'it has no resourceType'}")
            for member in json_entries.members(window, "entry", marks, skips):
                if member.number and kind in (None, "Bundle"):
                    place = Place(file.name, member.number)
                    yield from _entry(member.value, Item(place, None, None, member.length, member.is_plain), 0)
                    continue
                alone[member.name] = member.value
                kind = member.value if member.name == "resourceType" else kind
    except BadJson as fault:
        raise BadFile(f"{file.name} {fault}{LINES if 'Extra data' in str(fault) else ''}") from None
    if not isinstance(kind, str):
        raise BadFile(f"{file.name} is not a FHIR resource: it has no resourceType")
    if kind != "Bundle":
        yield from _unfolded(alone, Item(Place(file.name, 1), None), 0)
    elif "entry" in alone:
        raise BadFile(f"{file.name}: the bundle's entry is not a list")


def _entry(entry: Any, item: Item, depth: int) -> Iterator[Item]:
    if not isinstance(entry, dict):
        yield item
        return
    url = entry.get("fullUrl")
    item.full_url = url if isinstance(url, str) else None
    method = dig(entry, "request", "method")
    if method == "DELETE":
        item.deleted = str(dig(entry, "request", "url") or item.full_url or "")
        etag = str(dig(entry, "response", "etag") or "").removeprefix("W/").strip('"')
        item.resource = {"meta": {"lastUpdated": dig(entry, "response", "lastModified"), "versionId": etag}}
        yield item
    elif method == "PATCH":
        item.fault = "it is a PATCH, which says only what changes: send the whole resource"
        yield item
    elif method in ASKING and "resource" not in entry:
        item.resource = {"resourceType": f"request that asks ({method})"}
        yield item
    elif "resource" in entry or "response" not in entry:
        yield from _unfolded(entry.get("resource"), item, depth)
    else:
        item.resource = {"resourceType": "response without a resource"}
        yield item


def _unfolded(resource: Any, item: Item, depth: int) -> Iterator[Item]:
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    if kind not in ("Bundle", "Parameters") or (kind == "Parameters" and not _brings(resource)):
        item.resource = resource if kind is None else _told(resource)
        yield item
        return
    if depth >= DEPTH_MAX:
        raise BadFile(f"{item.place}: bundles are nested too deeply")

    def inside(number: int) -> Item:
        return Item(Place(str(item.place), number), None, is_plain=item.is_plain)

    if kind == "Bundle":
        _hand_down(resource)
        for number, entry in enumerate(each(resource.get("entry")), start=1):
            yield from _entry(entry, inside(number), depth + 1)
        return
    for number, parameter in enumerate(each(resource.get("parameter")), start=1):
        if isinstance(parameter, dict):
            within = {"resourceType": "Parameters", "parameter": parameter.get("part")}
            if _brings(within):
                yield from _unfolded(within, inside(number), depth + 1)
            if "resource" in parameter:
                yield from _unfolded(parameter["resource"], inside(number), depth + 1)


def _brings(parameters: Resource) -> bool:
    """Whether a resource stands anywhere in Parameters; others are what an operation is called with."""
    waiting, depth = each(parameters.get("parameter")), 0
    while waiting and depth <= DEPTH_MAX:
        if any("resource" in one for one in waiting if isinstance(one, dict)):
            return True
        waiting, depth = [part for one in waiting for part in each(dig(one, "part"))], depth + 1
    return bool(waiting)


def _told(resource: Resource) -> Resource:
    """A resource as it is, or if an element of it is null, without what is."""
    told: Resource = _without_nulls(resource) if None in resource.values() else resource
    return told


def _without_nulls(value: Any) -> Any:
    """A resource without the elements that a serializer wrote as null, which FHIR forbids: they say nothing."""
    if isinstance(value, dict):
        return {name: _without_nulls(part) for name, part in value.items() if part is not None}
    # In a list a null keeps a place for what stands beside it.
    return [_without_nulls(part) for part in value] if isinstance(value, list) else value


def _hand_down(bundle: Resource) -> None:
    """Let the security labels of a bundle be its resources', where none of them has its own."""
    told = dig(bundle, "meta", "security")
    inside = [part for entry in each(bundle.get("entry")) if isinstance(part := dig(entry, "resource"), dict)]
    if told and not any(dig(part, "meta", "security") for part in inside):
        for part in inside:
            part["meta"] = {**(part.get("meta") or {}), "security": told}


def dig(value: Any, *path: str | int) -> Any:
    """What lies at a path of names and positions, or None where the shape is another."""
    for step in path:
        if value is None:
            return None
        if step.__class__ is str:
            value = value.get(step) if value.__class__ is dict else None
        else:
            value = value[step] if value.__class__ is list and len(value) > step else None  # type: ignore[index, operator]
    return value


def each(value: Any) -> list[Any]:
    """A list as it is, anything else as no list."""
    return value if isinstance(value, list) else []
