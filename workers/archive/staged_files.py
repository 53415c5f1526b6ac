"""A batch's staged files: what COPY sends, compressed, and a manifest of hashes; checked when read."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import zstandard

from core.models import Base, Batch
from core.models.hashed_columns import hashed_columns
from core.staging.contract import ObjectStore
from workers.archive.retry_policy import ColumnsChanged, Mismatch

CHUNK_BYTES = 1 << 18
# Of a table from before manifests told its size.
SIZE_MAX = 1 << 34
# A manifest has a few lines for each table; what is longer was not staged, and is not read to its end.
MANIFEST_BYTES_MAX = 1 << 20


@dataclass(frozen=True)
class StagedTable:
    """One table of a batch in staging.

    `sha256` is over the uncompressed bytes of its file, which are `size`; `contents` over the content hashes of its
    rows, which any server can compute of the rows it has; `versions` over their versions on the primary. Both are by
    `hash_version` of the table's hashed columns. `columns` names the columns of the file in order, but for the batch's,
    which is last.
    """

    rows: int
    size: int | None
    sha256: str
    contents: str
    versions: str
    hash_version: int
    columns: tuple[str, ...]


Manifest = dict[str, StagedTable]


def new_folder(batch: Batch) -> str:
    """A folder for one attempt at staging, so that a worker still busy with an earlier one can't disturb it."""
    return f"{batch_folder(batch)}{secrets.token_hex(4)}/"


def batch_folder(batch: Batch) -> str:
    """The folder of all attempts at staging a batch."""
    return f"{batch.record_type}/run-{batch.run_id}/batch-{batch.id}/"


def table_key(folder: str, table: str) -> str:
    """Where a staged table is."""
    return f"{folder}{table}.zst"


def manifest_key(folder: str) -> str:
    """Where a batch's manifest is."""
    return f"{folder}manifest.json"


def write_manifest(store: ObjectStore, batch: Batch, folder: str, tables: Manifest) -> str:
    """Write the manifest, last of a batch's objects; returns the hash over all of them."""
    listed = {name: asdict(table) for name, table in tables.items()}
    content = {"batch": batch.id, "type": batch.record_type, "key": store.key_id, "tables": listed}
    body = json.dumps(content, sort_keys=True).encode()
    with store.create(manifest_key(folder)) as file:
        file.write(body)
    return hashlib.sha256(body).hexdigest()


def read_manifest(store: ObjectStore, batch: Batch) -> Manifest:
    """The batch's manifest by table. Raises Mismatch if it isn't the one that was staged."""
    with store.open(manifest_key(batch.staged_key or "")) as file:
        body = file.read(MANIFEST_BYTES_MAX)
    if hashlib.sha256(body).hexdigest() != batch.content_hash:
        raise Mismatch("the staged manifest was altered: redrive stages the batch again")
    return {name: _staged_table(name, entry) for name, entry in json.loads(body)["tables"].items()}


def _staged_table(name: str, entry: dict[str, Any]) -> StagedTable:
    # A manifest that says nothing of columns is from before the first was added, when all were hashed.
    before: dict[str, Any] = {"size": None, "hash_version": 1, "columns": hashed_columns(name, 1)}
    told = before | entry
    return StagedTable(**told | {"columns": tuple(told["columns"])})


def read_complete_manifest(store: ObjectStore, batch: Batch) -> Manifest:
    """The batch's manifest, if its files have the columns that the tables have now.

    Raises ColumnsChanged if they have others, Mismatch if the manifest isn't the one that was staged.
    """
    manifest = read_manifest(store, batch)
    for name, staged in manifest.items():
        if set(staged.columns) != set(Base.metadata.tables[name].columns.keys()):
            raise ColumnsChanged(f"{name} has other columns than when it was staged: the batch is staged again")
    return manifest


def write_table(store: ObjectStore, folder: str, table: str, chunks: Iterator[bytes]) -> tuple[int, str]:
    """Write a table's rows; returns how many bytes they are, and their SHA-256."""
    digest, size = hashlib.sha256(), 0
    compressor = zstandard.ZstdCompressor(level=1)
    with (
        store.create(table_key(folder, table)) as file,
        compressor.stream_writer(file, closefd=False) as compressed,
    ):
        for chunk in chunks:
            compressed.write(chunk)
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


def read_table(store: ObjectStore, batch: Batch, table: str, staged: StagedTable) -> Iterator[bytes]:
    """A staged table's bytes in chunks; raises Mismatch at the end if they are not those that were staged.

    And before that, once they are more: a small file can unpack to any size.
    """
    digest, size = hashlib.sha256(), 0
    with store.open(table_key(batch.staged_key or "", table)) as file:
        try:
            for chunk in zstandard.ZstdDecompressor().read_to_iter(file, write_size=CHUNK_BYTES):
                digest.update(chunk)
                size += len(chunk)
                if size > (staged.size if staged.size is not None else SIZE_MAX):
                    raise Mismatch(f"staged {table} unpacks to more than was staged: redrive stages the batch again")
                yield chunk
        except zstandard.ZstdError as fault:
            raise Mismatch(f"staged {table} can't be read: redrive stages the batch again") from fault
    if digest.hexdigest() != staged.sha256:
        raise Mismatch(f"staged {table} was altered: redrive stages the batch again")
