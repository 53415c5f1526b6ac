"""A batch's staged files: compressed lines with a manifest of hashes, written whole and checked when read."""

from __future__ import annotations

import hashlib
import io
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

import zstandard

from core.models import Batch
from core.staging import ObjectStore
from workers.archive.faults import Mismatch

READ_BYTES = 1 << 20


@dataclass(frozen=True)
class StagedTable:
    """One table of a batch in staging: rows, and the SHA-256 of its uncompressed bytes."""

    name: str
    rows: int
    sha256: str


def new_folder(batch: Batch) -> str:
    """A folder for one attempt at staging: no late writer of an earlier attempt can disturb it."""
    return f"{batch.record_type}/run-{batch.run_id}/batch-{batch.id}/{secrets.token_hex(4)}/"


def table_key(folder: str, table: str) -> str:
    """Where a staged table is."""
    return f"{folder}{table}.zst"


def manifest_key(folder: str) -> str:
    """Where a batch's manifest is."""
    return f"{folder}manifest.json"


def write_manifest(store: ObjectStore, batch: Batch, folder: str, tables: list[StagedTable]) -> str:
    """Write the manifest, last of a batch's objects; returns the hash over all of them."""
    listed = {table.name: {"rows": table.rows, "sha256": table.sha256} for table in tables}
    content = {"batch": batch.id, "type": batch.record_type, "tables": listed}
    body = json.dumps(content, sort_keys=True).encode()
    with store.create(manifest_key(folder)) as file:
        file.write(body)
    return hashlib.sha256(body).hexdigest()


def read_manifest(store: ObjectStore, batch: Batch) -> dict[str, StagedTable]:
    """The batch's manifest by table. Raises Mismatch if it isn't the one that was staged."""
    with store.open(manifest_key(batch.staged_key or "")) as file:
        body = file.read()
    if hashlib.sha256(body).hexdigest() != batch.content_hash:
        raise Mismatch("the staged manifest was altered: redrive stages the batch again")
    tables = json.loads(body)["tables"]
    return {name: StagedTable(name, entry["rows"], entry["sha256"]) for name, entry in tables.items()}


def write_lines(file: IO[bytes], lines: Iterator[bytes]) -> tuple[int, str]:
    """Compress lines into `file`; returns their number and the SHA-256 of the uncompressed bytes."""
    digest, count = hashlib.sha256(), 0
    with zstandard.ZstdCompressor(level=1).stream_writer(file, closefd=False) as compressed:
        for line in lines:
            compressed.write(line)
            digest.update(line)
            count += 1
    return count, digest.hexdigest()


def read_lines(store: ObjectStore, batch: Batch, table: StagedTable) -> Iterator[bytes]:
    """A staged table's lines; raises Mismatch at the end if the bytes are not those that were staged."""
    digest = hashlib.sha256()
    with store.open(table_key(batch.staged_key or "", table.name)) as file:
        reader = io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(file), READ_BYTES)
        for line in reader:
            digest.update(line)
            yield line
    if digest.hexdigest() != table.sha256:
        raise Mismatch(f"staged {table.name} was altered: redrive stages the batch again")


def id_and_hash(line: bytes) -> bytes:
    """`id TAB hash NEWLINE` of a staged line, whose first field is the id and whose last is the content hash."""
    return line[: line.index(b"\t") + 1] + line[line.rindex(b"\t") + 1 :]
