"""Single values that are encrypted in the database, and keyed hashes by which they are found again.

Values are sealed by Fernet (AES-128-CBC with HMAC-SHA-256). A keyed hash is HMAC-SHA-256 under a key of its own,
derived from the sealing key (HKDF). The newest key of STRATA_FIELD_KEYS seals and hashes; every key opens and finds.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.settings.config import ConfigError
from core.stores import databases


class KeyMissing(ConfigError):
    """No key opens or seals: the message names the setting to mend."""


class NotOpened(KeyMissing):
    """There are keys, and none of them sealed this value: its key is gone, or another process wrote it."""


def seal(text: str) -> str:
    """The text, encrypted with the newest key. Raises KeyMissing."""
    return _opener(_keys()).encrypt(text.encode()).decode("ascii")


def open_sealed(sealed: str) -> str:
    """The text that was sealed. Raises KeyMissing, and of that NotOpened when none of the keys sealed it."""
    try:
        return _opener(_keys()).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise NotOpened("none of the keys in STRATA_FIELD_KEYS opens it: add the key that sealed it") from None


def seal_again(sealed: str) -> str:
    """The same text, encrypted with the newest key. Raises KeyMissing."""
    return seal(open_sealed(sealed))


def keyed_hash(text: str, *, purpose: str) -> str:
    """The hash under the newest key: 64 lower-case hex digits; another purpose gives another. Raises KeyMissing."""
    return keyed_hashes(text, purpose=purpose)[0]


def keyed_hashes(text: str, *, purpose: str) -> tuple[str, ...]:
    """The hash under each key, the newest first: a value may have been kept under any. Raises KeyMissing."""
    keys = [_hash_key(key, purpose) for key in _keys()]
    return tuple(hmac.new(key, text.encode(), hashlib.sha256).hexdigest() for key in keys)


def _keys() -> tuple[str, ...]:
    keys = databases.current().settings.field_keys
    if not keys:
        raise KeyMissing("STRATA_FIELD_KEYS is not set: make a key with `openssl rand -base64 32`")
    return keys


@lru_cache(maxsize=4)
def _opener(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


@lru_cache(maxsize=16)
def _hash_key(key: str, purpose: str) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=f"strata keyed hash: {purpose}".encode()).derive(key.encode())
