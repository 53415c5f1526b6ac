"""Encryption of staged objects: AES-256-GCM in chunks, so that a file of any size can be a stream.

An object is MAGIC, the id of the configured key, a salt, then chunks of ciphertext. The configured key and the salt
give the object's own key. A chunk's nonce is its number and whether it is the last chunk: nobody can move, drop or cut
off a chunk. Each chunk also authenticates the object's name: no object can stand for another. Where a key is
configured, an object that is not sealed is refused, unless the store says that it `takes_plain`.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, RawIOBase
from typing import IO, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.staging.contract import ObjectStore, StagedAltered, StagingKeyMissing

MAGIC = b"strata-sealed-1\n"
KEY_ID_BYTES, SALT_BYTES, NONCE_BYTES, TAG_BYTES = 8, 32, 12, 16
CHUNK_BYTES = 1 << 18


def parse_key(text: str) -> bytes | None:
    """The key in the setting STRATA_STAGING_KEY; None if the setting is empty."""
    return base64.b64decode(text, altchars=b"-_") if text else None


def key_id(key: bytes) -> str:
    """16 hexadecimal digits that tell a key from others, and reveal nothing about it."""
    return hashlib.sha256(b"strata staging key id" + key).digest()[:KEY_ID_BYTES].hex()


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt, b"strata staging object").derive(key))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(NONCE_BYTES - 1, "big") + (b"\1" if last else b"\0")


class Sealed(ObjectStore):
    """Another store, whose objects are encrypted with `key`, if there is one.

    Without a key, and where it `takes_plain`, objects are read that are not sealed.
    """

    def __init__(self, store: ObjectStore, key: bytes | None, *, takes_plain: bool = False) -> None:
        self._store, self._key = store, key
        self._takes_plain = takes_plain or key is None
        self.key_id = key_id(key) if key is not None else None

    @contextmanager
    def create(self, key: str) -> Iterator[IO[bytes]]:
        with self._store.create(key) as file:
            if self._key is None:
                yield file
                return
            writer = _Writer(file, self._key, key)
            yield writer  # type: ignore[misc]
            writer.finish()

    def open(self, key: str) -> IO[bytes]:
        file = self._store.open(key)
        start = file.read(len(MAGIC))
        if start != MAGIC and not self._takes_plain:
            file.close()
            raise StagedAltered(
                f"staged object {key} is not sealed, and there is a key: redrive stages the batch again"
            )
        if start != MAGIC:
            return BufferedReader(_Prefixed(start, file), CHUNK_BYTES)
        return BufferedReader(_Reader(file, self._key_for(file, key), key), CHUNK_BYTES)

    def _key_for(self, file: IO[bytes], name: str) -> bytes:
        wanted = file.read(KEY_ID_BYTES).hex()
        if self._key is None or self.key_id != wanted:
            file.close()
            have = f"it is {self.key_id}" if self.key_id else "it is not set"
            raise StagingKeyMissing(f"staged object {name} needs STRATA_STAGING_KEY {wanted}, and {have}: set that key")
        return self._key

    def list(self, prefix: str) -> Iterator[str]:
        return self._store.list(prefix)

    def delete(self, key: str) -> None:
        self._store.delete(key)


class _Writer:
    """Encrypts what is written to it, chunk by chunk."""

    def __init__(self, file: IO[bytes], key: bytes, name: str) -> None:
        salt = os.urandom(SALT_BYTES)
        file.write(MAGIC + bytes.fromhex(key_id(key)) + salt)
        self._file, self._cipher, self._name = file, _cipher(key, salt), name.encode()
        self._pending, self._number = bytearray(), 0

    def write(self, data: Any) -> int:
        self._pending += data
        while len(self._pending) > CHUNK_BYTES:
            self._seal(bytes(self._pending[:CHUNK_BYTES]), last=False)
            del self._pending[:CHUNK_BYTES]
        return len(data)

    def finish(self) -> None:
        self._seal(bytes(self._pending), last=True)

    def flush(self) -> None:
        """Do nothing: a chunk is written when it is full."""

    def _seal(self, chunk: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._number, last=last), chunk, self._name))
        self._number += 1


class _Prefixed(RawIOBase):
    """A file with its first bytes, which were read before, put back."""

    def __init__(self, start: bytes, file: IO[bytes]) -> None:
        self._start, self._file = start, file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._start[: len(buffer)] or self._file.read(len(buffer))
        self._start = self._start[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


class _Reader(RawIOBase):
    """Decrypts an object, chunk by chunk; raises StagedAltered at a chunk that was changed."""

    def __init__(self, file: IO[bytes], key: bytes, name: str) -> None:
        self._file, self._name = file, name
        self._cipher = _cipher(key, file.read(SALT_BYTES))
        self._number, self._open = 0, b""
        self._next: bytes | None = self._read_chunk()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._open and self._next is not None:
            self._open = self._unseal()
        data, self._open = self._open[: len(buffer)], self._open[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)

    def _unseal(self) -> bytes:
        chunk, following = self._next, self._read_chunk()
        self._next = following or None
        try:
            opened = self._cipher.decrypt(_nonce(self._number, last=not following), chunk or b"", self._name.encode())
        except InvalidTag:
            raise StagedAltered(f"staged object {self._name} was altered: redrive stages the batch again") from None
        self._number += 1
        return opened

    def _read_chunk(self) -> bytes:
        parts, missing = [], CHUNK_BYTES + TAG_BYTES
        while missing and (part := self._file.read(missing)):
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def close(self) -> None:
        self._file.close()
        super().close()
