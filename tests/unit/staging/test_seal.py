"""Staged objects are sealed: no byte can be changed, cut, moved or read without the key."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from core.settings.parsing import aes_key
from core.staging.contract import StagedAltered, StagedMissing, StagingError, StagingKeyMissing
from core.staging.encryption import CHUNK_BYTES, MAGIC, Sealed, parse_key
from core.staging.folder import Folder

KEY = bytes(range(32))
SIZES = (0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES + 7)
HEADER_BYTES = len(MAGIC) + 8 + 32


def written(folder: Path, data: bytes, key: bytes | None = KEY, name: str = "visit/batch-1/note.zst") -> Sealed:
    store = Sealed(Folder(folder), key)
    with store.create(name) as file:
        for start in range(0, len(data), 70_000):
            file.write(data[start : start + 70_000])
    return store


def read(store: Sealed, name: str = "visit/batch-1/note.zst") -> bytes:
    with store.open(name) as file:
        return file.read()


@pytest.mark.parametrize("key", [KEY, None])
@pytest.mark.parametrize("size", SIZES)
def test_what_is_written_is_read(tmp_path: Path, size: int, key: bytes | None) -> None:
    data = os.urandom(size)
    assert read(written(tmp_path, data, key)) == data


def test_nothing_readable_is_on_disk(tmp_path: Path) -> None:
    written(tmp_path, b"Diabetes mellitus " * 5_000)
    assert b"Diabetes" not in (tmp_path / "visit/batch-1/note.zst").read_bytes()


def test_the_same_content_never_looks_the_same(tmp_path: Path) -> None:
    path = tmp_path / "visit/batch-1/note.zst"
    written(tmp_path, b"same")
    first = path.read_bytes()
    written(tmp_path, b"same")
    assert path.read_bytes()[HEADER_BYTES:] != first[HEADER_BYTES:]


def flip(data: bytes) -> bytes:
    middle = HEADER_BYTES + 5
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def swap_chunks(data: bytes) -> bytes:
    size = CHUNK_BYTES + 16
    body = data[HEADER_BYTES:]
    return data[:HEADER_BYTES] + body[size : 2 * size] + body[:size] + body[2 * size :]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "a bit": flip,
    "the end": lambda data: data[:-1],
    "a whole chunk at the end": lambda data: data[: HEADER_BYTES + CHUNK_BYTES + 16],
    "everything": lambda data: data[:HEADER_BYTES],
    "more": lambda data: data + b"x",
    "the order": swap_chunks,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_every_change_is_noticed(tmp_path: Path, damage: str) -> None:
    store = written(tmp_path, os.urandom(2 * CHUNK_BYTES + 100))
    path = tmp_path / "visit/batch-1/note.zst"
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    with pytest.raises(StagedAltered, match="was altered"):
        read(store)


def test_one_object_can_not_stand_for_another(tmp_path: Path) -> None:
    store = written(tmp_path, b"of patient 1", name="visit/batch-1/note.zst")
    (tmp_path / "visit/batch-1/note.zst").rename(tmp_path / "visit/batch-1/visit.zst")
    with pytest.raises(StagedAltered):
        read(store, "visit/batch-1/visit.zst")


@pytest.mark.parametrize(("other", "have"), [(None, "it is not set"), (bytes(32), "it is ")])
def test_a_missing_or_wrong_key_is_named(tmp_path: Path, other: bytes | None, have: str) -> None:
    store = written(tmp_path, b"sealed")
    with pytest.raises(StagingKeyMissing, match=f"needs STRATA_STAGING_KEY {store.key_id}, and {have}"):
        read(Sealed(Folder(tmp_path), other))


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    store = Sealed(Folder(tmp_path), KEY)

    def fail() -> None:
        with store.create("visit/batch-1/note.zst") as file:
            file.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(store.list("visit/")) == []
    with pytest.raises(StagedMissing):
        store.open("visit/batch-1/note.zst")


def test_objects_are_listed_and_deleted_by_folder(tmp_path: Path) -> None:
    store = written(tmp_path, b"1", name="visit/batch-1/a.zst")
    written(tmp_path, b"2", name="visit/batch-11/a.zst")
    assert list(store.list("visit/")) == ["visit/batch-1/a.zst", "visit/batch-11/a.zst"]
    store.delete("visit/batch-1/")
    store.delete("visit/batch-1/")
    assert list(store.list("visit/")) == ["visit/batch-11/a.zst"]


@pytest.mark.parametrize("key", ["", "/", "../x", "a/../../x", "a\\b", "a\0b"])
def test_keys_stay_in_their_place(tmp_path: Path, key: str) -> None:
    with pytest.raises(StagingError, match="not a staging key"):
        Folder(tmp_path).open(key)


def test_the_setting_is_checked() -> None:
    text = base64.b64encode(KEY).decode()
    assert parse_key(aes_key(text)) == KEY
    assert parse_key(aes_key(base64.urlsafe_b64encode(bytes([251] * 32)).decode())) == bytes([251] * 32)
    for bad in ("short", base64.b64encode(bytes(16)).decode(), "!" * 44):
        with pytest.raises(ValueError, match="32 bytes as base64"):
            aes_key(bad)
