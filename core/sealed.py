"""Single values that are encrypted in the database: Fernet (AES-128-CBC with HMAC-SHA-256), under keys that rotate.

The newest key of STRATA_FIELD_KEYS seals, every key opens.
"""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from core import db


class KeyMissing(RuntimeError):
    """No key opens or seals: the message names the setting to mend."""


def seal(text: str) -> str:
    """The text, encrypted with the newest key. Raises KeyMissing."""
    return _keys().encrypt(text.encode()).decode("ascii")


def open_sealed(sealed: str) -> str:
    """The text that was sealed. Raises KeyMissing when none of the keys sealed it."""
    try:
        return _keys().decrypt(sealed).decode()
    except InvalidToken:
        raise KeyMissing("none of the keys in STRATA_FIELD_KEYS opens it: add the key that sealed it") from None


def _keys() -> MultiFernet:
    keys = db.databases().settings.field_keys
    if not keys:
        raise KeyMissing("STRATA_FIELD_KEYS is not set: make a key with `openssl rand -base64 32`")
    return MultiFernet([Fernet(key) for key in keys])
