"""What proves a clinician's signature: the staff portal's key, over what was signed and over the evidence.

Whoever has the database alone, or another process, can make no signature that holds.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any, Protocol

from core.sealing import signatures
from core.settings.config import ConfigError
from core.stores import databases

PURPOSE = "report signature"


class SigningKeyMissing(ConfigError):
    """This process can't sign: the message names the setting."""


class Supplied(Protocol):
    """A row of evidence, as stored."""

    ref: Any
    content_hash: Any
    fields: Any


def evidence_hash(evidence: Iterable[Supplied]) -> str:
    """SHA-256 over the rows that were supplied to the drafter, in order of their references: lower-case hex."""
    rows = [[row.ref, row.content_hash, row.fields] for row in sorted(evidence, key=lambda row: str(row.ref))]
    return hashlib.sha256(json.dumps(rows, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def make(content_hash: str, evidence: str) -> str:
    """The proof for a signature over these two hashes. Raises SigningKeyMissing."""
    key = databases.current().settings.signing_key
    if not key:
        raise SigningKeyMissing("STRATA_SIGNING_KEY is not set: make one with `openssl rand -base64 32`")
    return signatures.sign(signatures.key_bytes(key), PURPOSE, _message(content_hash, evidence))


def holds(content_hash: str, evidence: str, proof: str) -> bool:
    """Whether one of the keys that this process knows proves the signature."""
    return signatures.holds(_public_keys(), PURPOSE, _message(content_hash, evidence), proof)


def can_tell() -> bool:
    """Whether this process knows a key to prove signatures by."""
    return bool(_public_keys())


def _public_keys() -> list[bytes]:
    settings = databases.current().settings
    own = [signatures.public_of(signatures.key_bytes(settings.signing_key))] if settings.signing_key else []
    return own + [signatures.key_bytes(text) for text in settings.signing_public_keys]


def _message(content_hash: str, evidence: str) -> bytes:
    return f"{content_hash} {evidence}".encode()
