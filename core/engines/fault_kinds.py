"""The faults that a caller can act on, whichever engine raised them."""

from __future__ import annotations

from enum import StrEnum


class EngineError(Exception):
    """The engine cannot do what was asked; the message says what to change."""


class Conflict(Exception):
    """Another transaction wrote the same keys at the same time. Nothing is wrong: the caller can try again."""


class FaultKind(StrEnum):
    """What a database fault means for its caller."""

    CONNECTION = "connection"
    DISK_FULL = "disk full"
    WAITED = "lock or time-out"
    OTHER = "other"
