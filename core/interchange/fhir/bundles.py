"""FHIR files: bundles, single resources, NDJSON of bulk exports; packed or not. Every resource with its place."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from core.interchange import json_lines
from core.interchange.csv_files import LINE_BYTES_MAX, BadFile
from core.interchange.fhir import json_entries
from core.interchange.json_lines import DOCUMENT_BYTES_MAX, BadJson
from core.interchange.summary import Place

READ_SUFFIXES = (".json", ".ndjson", ".jsonl")
SUFFIXES = (*READ_SUFFIXES, *(f"{suffix}.gz" for suffix in READ_SUFFIXES), ".zip", ".xml", ".xml.gz")
DEPTH_MAX = 8
Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Item:
    """One resource of a bundle, or what stood in its place; entries count from 1.

    `deleted` is the address (`Type/id`) that an entry without a resource says was deleted.
    """

    place: Place
    resource: Any
    full_url: str | None = None
    deleted: str | None = None
    fault: str | None = None


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


def items(file: File) -> Iterator[Item]:
    """The resources of a file, those of bundles inside bundles too. Raises BadFile."""
    if file.name.lower().removesuffix(".gz").endswith(".xml"):
        raise BadFile(f"{file.name} is XML: export it as FHIR JSON")
    try:
        yield from _lines(file) if file.is_lines else _document(file)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError) as fault:
        raise BadFile(f"{file.name} can't be read ({fault or type(fault).__name__})") from None


def _lines(file: File) -> Iterator[Item]:
    with file.open() as opened:
        for number, raw in enumerate(iter(lambda: opened.readline(LINE_BYTES_MAX + 1), b""), start=1):
            if len(raw) > LINE_BYTES_MAX:
                raise BadFile(f"{file.name}: line {number} is longer than {LINE_BYTES_MAX:,} bytes; reading ended")
            if not raw.strip():
                continue
            try:
                value = json_lines.parse(raw)
            except BadJson as fault:
                yield Item(Place(file.name, number), None, fault=f"the line {fault}")
                continue
            yield from _unfolded(value, Place(file.name, number), None, 0)


def _document(file: File) -> Iterator[Item]:
    text = _text(file)
    kind: Any = None
    place = Place(file.name, 1)
    alone: Resource = {}
    number = 0
    try:
        if not text.lstrip().startswith("{"):
            json_lines.parse(text.encode())
            raise BadFile(f"{file.name} is not a FHIR resource: it has no resourceType")
        for name, value, is_entry in json_entries.members(text, "entry"):
            if is_entry and kind in (None, "Bundle"):
                number += 1
                yield from _entry(value, Place(file.name, number), 0)
                continue
            alone[name] = value
            kind = value if name == "resourceType" else kind
    except BadJson as fault:
        raise BadFile(f"{file.name} {fault}") from None
    if not isinstance(kind, str):
        raise BadFile(f"{file.name} is not a FHIR resource: it has no resourceType")
    if kind != "Bundle":
        yield from _unfolded(alone, place, None, 0)
    elif "entry" in alone:
        raise BadFile(f"{file.name}: the bundle's entry is not a list")


def _text(file: File) -> str:
    with file.open() as opened:
        raw = opened.read(DOCUMENT_BYTES_MAX + 1)
    if len(raw) > DOCUMENT_BYTES_MAX:
        raise BadFile(f"{file.name} is longer than {DOCUMENT_BYTES_MAX:,} bytes: split it")
    if raw.lstrip()[:1] == b"<":
        raise BadFile(f"{file.name} is XML: export it as FHIR JSON")
    try:
        with io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8-sig", newline="") as decoded:
            return decoded.read()
    except UnicodeDecodeError as fault:
        raise BadFile(f"{file.name} is not UTF-8 (byte {fault.start + 1})") from None


def _entry(entry: Any, place: Place, depth: int) -> Iterator[Item]:
    if not isinstance(entry, dict):
        yield Item(place, None)
        return
    url = entry.get("fullUrl")
    full_url = url if isinstance(url, str) else None
    request = entry.get("request")
    if isinstance(request, dict) and request.get("method") == "DELETE":
        yield Item(place, None, full_url, deleted=str(request.get("url") or full_url or ""))
    elif "resource" in entry or "response" not in entry:
        yield from _unfolded(entry.get("resource"), place, full_url, depth)


def _unfolded(resource: Any, place: Place, full_url: str | None, depth: int) -> Iterator[Item]:
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    if kind not in ("Bundle", "Parameters"):
        yield Item(place, resource, full_url)
        return
    if depth >= DEPTH_MAX:
        raise BadFile(f"{place}: bundles are nested too deeply")
    inside = Place(str(place), 0)
    if kind == "Bundle":
        for number, entry in enumerate(each(resource.get("entry")), start=1):
            yield from _entry(entry, Place(inside.file, number), depth + 1)
        return
    for number, parameter in enumerate(each(resource.get("parameter")), start=1):
        if isinstance(parameter, dict):
            parts = {"resourceType": "Parameters", "parameter": parameter.get("part")}
            yield from _unfolded(parts, Place(inside.file, number), None, depth + 1)
            if "resource" in parameter:
                yield from _unfolded(parameter["resource"], Place(inside.file, number), None, depth + 1)


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
