"""What the steps share: a batch's rows in SQL, its staged files, its errors."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

import zstandard
from sqlalchemy import Table

from core import db
from core.models import Batch, Patient
from core.models.record_types import RECORD_TYPES, Child, RecordType
from core.staging import ObjectStore


class Mismatch(Exception):
    """A copy differs from its original; nothing was removed. Names the first rows that differ, never their content."""


class Superseded(Exception):
    """The copies that release would rely on are not all there: the batch must be loaded again."""


@dataclass(frozen=True)
class Selection:
    """SQL that picks a batch's rows on the primary; parameters are numbers and instants of our own making."""

    record_type: RecordType
    roots: str

    def rows(self, table: Table) -> str:
        """`FROM ... WHERE ...` for a table's rows, alias t."""
        if table is self.record_type.root:
            return f"FROM {table.name} t WHERE t.id IN ({self.roots})"
        child = next(child for child in self.record_type.children if child.table is table)
        return f"FROM {table.name} t WHERE t.{child.root_column} IN ({self.roots}) AND {child_condition(child)}"


def selection(batch: Batch, cutoff_at: object) -> Selection:
    """The rows of a batch as they are eligible now: in its range, cold, and under no legal hold."""
    record_type = RECORD_TYPES[batch.record_type]
    root, time = record_type.root.name, record_type.time_column
    literals = {
        "first": f"(TIMESTAMPTZ '{batch.first_at.isoformat()}', {int(batch.first_id)})",
        "last": f"(TIMESTAMPTZ '{batch.last_at.isoformat()}', {int(batch.last_id)})",
    }
    cold = _sql(record_type.is_cold(cutoff_at), record_type.root, "r")  # type: ignore[arg-type]
    held = f"SELECT p.id FROM {Patient.__tablename__} p WHERE p.legal_hold"
    return Selection(
        record_type,
        f"SELECT r.id FROM {root} r WHERE (r.{time}, r.id) >= {literals['first']}"
        f" AND (r.{time}, r.id) <= {literals['last']} AND {cold}"
        f" AND (r.{record_type.patient_column} IS NULL OR r.{record_type.patient_column} NOT IN ({held}))",
    )


def child_condition(child: Child) -> str:
    """The condition that a child row may leave the primary, alias t."""
    return _sql(child.only(child.table), child.table, "t") if child.only is not None else "true"


def _sql(condition: object, table: Table, alias: str) -> str:
    dialect = db.databases().engine(db.Store.HOT, read_only=False).dialect
    compiled = condition.compile(dialect=dialect, compile_kwargs={"literal_binds": True})  # type: ignore[attr-defined]
    return str(compiled).replace(f"{table.name}.", f"{alias}.")


@dataclass(frozen=True)
class StagedTable:
    """One table of a batch in staging: rows, and the SHA-256 of its uncompressed bytes."""

    name: str
    rows: int
    sha256: str


def key(batch: Batch, name: str) -> str:
    """Where a batch's staged object is."""
    return f"{batch.record_type}/run-{batch.run_id}/batch-{batch.id}/{name}"


def write_manifest(store: ObjectStore, batch: Batch, tables: list[StagedTable]) -> str:
    """Write the manifest, last of a batch's objects; returns the hash over all of them."""
    listed = {table.name: {"rows": table.rows, "sha256": table.sha256} for table in tables}
    body = json.dumps({"batch": batch.id, "type": batch.record_type, "tables": listed}, sort_keys=True).encode()
    with store.create(key(batch, "manifest.json")) as file:
        file.write(body)
    return hashlib.sha256(body).hexdigest()


def read_manifest(store: ObjectStore, batch: Batch) -> dict[str, StagedTable]:
    """The batch's manifest by table. Raises Mismatch if it isn't the one that was staged."""
    with store.open(key(batch, "manifest.json")) as file:
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
    with store.open(key(batch, f"{table.name}.zst")) as file:
        reader = io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(file), 1 << 20)
        for line in reader:
            digest.update(line)
            yield line
    if digest.hexdigest() != table.sha256:
        raise Mismatch(f"staged {table.name} was altered: redrive stages the batch again")


def id_and_hash(line: bytes) -> bytes:
    """`id TAB hash NEWLINE` of a staged line, whose first field is the id and whose last is the content hash."""
    return line[: line.index(b"\t") + 1] + line[line.rindex(b"\t") + 1 :]
