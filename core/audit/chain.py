"""What one event's hash covers, and how an event follows the one before it in its writer's chain.

The hash is keyed by the kind of process that wrote the event, so that no other process, and nobody who has the database
alone, can write or rewrite it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from core.models import AccessEvent

GENESIS = "0" * 64
CHAINED = (
    "at", "portal", "action", "outcome", "account_id", "actor_name", "actor_role", "patient_id", "target", "purpose",
    "address", "request_id", "writer", "sequence", "previous_hash",
)  # fmt: skip


@dataclass(frozen=True)
class Link:
    """A place in a chain: the event's number and its hash."""

    sequence: int
    hash: str


START = Link(0, GENESIS)


def event_hash(event: AccessEvent, key: bytes | None = None) -> str:
    """The hash over what an event says and its place in the chain: lower-case hex."""
    return values_hash([getattr(event, name) for name in CHAINED], key)


def values_hash(values: Sequence[Any], key: bytes | None = None) -> str:
    """The hash of an event given as its CHAINED values, the instant first: HMAC-SHA-256; without a key SHA-256."""
    at: datetime = values[0]
    plain = [at.astimezone(UTC).isoformat(timespec="microseconds"), *values[1:]]
    said = _encode(plain).encode()
    return hmac.digest(key, said, "sha256").hex() if key is not None else hashlib.sha256(said).hexdigest()


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
