"""Rows that leave a sealed batch by an erasure or a purge: of each a hash stays, on the batch's archive server.

With it the rows that are left can still be held against what was sealed. A hash of a row that is erased would tell
whoever guesses the row that the guess is right: so it is kept encrypted, under the key of whoever took the row away.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import ColumnElement, Connection, Table, delete, insert, select

from core.archiving import hashes
from core.audit import audit_keys
from core.audit.decision import origin
from core.models.hashed_columns import HASHED_COLUMNS
from core.models.record_types import ARCHIVE_METADATA, BATCH_COLUMN, DEPARTED, RecordType, archive_table
from core.stores.tables import hot_table

NONCE_BYTES = 12
# What is kept where a process has no key: the hashes as they are.
PLAIN = b"{"
ROWS_A_STATEMENT = 500


class NotOpened(Exception):
    """No key that this process knows opens what is kept of a row that left."""


def note(archive: Connection, record_type: RecordType, table: Table, leaving: ColumnElement[bool]) -> None:
    """Keep the hashes of those rows of an archived table that leave, in the transaction that deletes them."""
    versions = sorted(HASHED_COLUMNS[table.name])
    hashed = (hashes.of_row(hot_table(table.name), version, table) for version in versions)
    found = archive.execute(select(table.c[BATCH_COLUMN], table.c.id, *hashed).where(leaving)).all()
    rows = [
        {
            BATCH_COLUMN: batch_id,
            "table_name": table.name,
            "row_id": row_id,
            "kept": _closed(_name(batch_id, table.name, row_id), dict(zip(versions, by_version, strict=True))),
        }
        for batch_id, row_id, *by_version in found
    ]
    for start in range(0, len(rows), ROWS_A_STATEMENT):
        archive.execute(insert(_departed(record_type)), rows[start : start + ROWS_A_STATEMENT])


def of_batch(
    archive: Connection, record_type: RecordType, batch_id: int, table: str, version: int
) -> Iterator[tuple[int, bytes]]:
    """Of each row of a table that left a batch, its id and its hash by a version. Raises NotOpened."""
    departed = _departed(record_type).c
    mine = (departed[BATCH_COLUMN] == batch_id, departed.table_name == table)
    for row_id, kept in archive.execute(select(departed.row_id, departed.kept).where(*mine)).all():
        by_version = _opened(_name(batch_id, table, row_id), bytes(kept))
        if version in by_version:
            yield row_id, by_version[version]


def forget_emptied(archive: Connection, record_type: RecordType, batch_ids: Iterable[int]) -> None:
    """Forget what left the batches that have no row left: there is nothing to hold against what was sealed."""
    tables = [archive_table(table) for table in record_type.tables]
    for batch_id in batch_ids:
        left = (select(table.c.id).where(table.c[BATCH_COLUMN] == batch_id).limit(1) for table in tables)
        if all(archive.scalar(one) is None for one in left):
            departed = _departed(record_type)
            archive.execute(delete(departed).where(departed.c[BATCH_COLUMN] == batch_id))


def _departed(record_type: RecordType) -> Table:
    return ARCHIVE_METADATA[record_type.server].tables[DEPARTED]


def _name(batch_id: int, table: str, row_id: int) -> bytes:
    return f"{batch_id}:{table}:{row_id}".encode()


def _closed(name: bytes, by_version: Mapping[int, bytes]) -> bytes:
    said = json.dumps({str(version): bytes(found).hex() for version, found in by_version.items()}).encode()
    key = audit_keys.own(origin.get().portal)
    if key is None:
        return said
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + _cipher(key).encrypt(nonce, said, name)


def _opened(name: bytes, kept: bytes) -> dict[int, bytes]:
    for key in (key for keys in audit_keys.of_all().values() for key in keys):
        try:
            said = _cipher(key).decrypt(kept[:NONCE_BYTES], kept[NONCE_BYTES:], name)
        except (InvalidTag, ValueError):
            continue
        return _read(said)
    if kept.startswith(PLAIN):
        return _read(kept)
    raise NotOpened


def _read(said: bytes) -> dict[int, bytes]:
    try:
        return {int(version): bytes.fromhex(found) for version, found in json.loads(said).items()}
    except (ValueError, AttributeError, TypeError):
        raise NotOpened from None


def _cipher(key: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), length=32, salt=None, info=b"strata departed rows").derive(key))
