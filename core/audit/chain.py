"""What one event's hash covers, and how an event follows the one before it in its writer's chain."""

from __future__ import annotations

import hashlib
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


def event_hash(event: AccessEvent) -> str:
    """SHA-256 over what an event says and its place in the chain: lower-case hex."""
    return values_hash([getattr(event, name) for name in CHAINED])


def values_hash(values: Sequence[Any]) -> str:
    """The hash of an event given as its CHAINED values, the instant first."""
    at: datetime = values[0]
    plain = [at.astimezone(UTC).isoformat(timespec="microseconds"), *values[1:]]
    return hashlib.sha256(_encode(plain).encode()).hexdigest()


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
