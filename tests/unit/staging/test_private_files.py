"""Staged files are for one account's eyes, sealed where there is a key, and unpack to no more than was staged."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import zstandard

from core.models import Batch
from core.staging.contract import StagedAltered
from core.staging.encryption import Sealed
from core.staging.folder import Folder
from workers.archive.retry_policy import Mismatch
from workers.archive.staged_files import MANIFEST_BYTES_MAX, StagedTable, read_manifest, read_table, write_table

KEY = b"only for tests: staging".ljust(32)


def test_nobody_else_reads_a_staged_file(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with Folder(tmp_path / "staging").create("visit/run-1/note.zst") as file:
            file.write(b"a record")
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "staging").rglob("*")}
    assert modes == {"visit": 0o700, "run-1": 0o700, "note.zst": 0o600}


def test_what_is_not_sealed_is_refused_where_there_is_a_key(tmp_path: Path) -> None:
    store = Folder(tmp_path)
    with store.create("visit/note.zst") as file:
        file.write(b"put in its place")
    with pytest.raises(StagedAltered, match="is not sealed"):
        Sealed(store, KEY).open("visit/note.zst")
    assert Sealed(store, KEY, takes_plain=True).open("visit/note.zst").read() == b"put in its place"
    assert Sealed(store, None).open("visit/note.zst").read() == b"put in its place"


def test_a_file_that_unpacks_to_more_is_given_up_early(tmp_path: Path) -> None:
    store, batch = Folder(tmp_path), SimpleNamespace(staged_key="visit/")
    size, sha256 = write_table(store, "visit/", "note", iter([b"one row"]))
    staged = StagedTable(1, size, sha256, "", "", 1, ())
    assert b"".join(read_table(store, as_batch(batch), "note", staged)) == b"one row"
    with store.create("visit/note.zst") as file:
        file.write(zstandard.compress(b"0" * (1 << 28)))
    chunks = read_table(store, as_batch(batch), "note", staged)
    with pytest.raises(Mismatch, match="unpacks to more than was staged"):
        next(chunks)


def as_batch(batch: SimpleNamespace) -> Any:
    return batch


@pytest.mark.parametrize(("length", "is_read"), [(MANIFEST_BYTES_MAX, True), (MANIFEST_BYTES_MAX + 1, False)])
def test_no_more_of_a_manifest_is_read_than_one_has(tmp_path: Path, length: int, is_read: bool) -> None:
    """Whoever writes to the store could put any file there; its hash is right here, so that only its length counts."""
    store, body = Folder(tmp_path), json.dumps({"tables": {}}).ljust(length).encode()
    with store.create("visit/manifest.json") as file:
        file.write(body)
    batch = Batch(staged_key="visit/", content_hash=hashlib.sha256(body).hexdigest())
    if is_read:
        assert read_manifest(store, batch) == {}
    else:
        with pytest.raises(Mismatch, match="altered"):
            read_manifest(store, batch)
