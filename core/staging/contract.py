"""What every object store can do, and what can go wrong with it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import PurePosixPath
from typing import IO


class StagingError(Exception):
    """Nothing can be written to staging, or read from it; the message says what to do."""


class StagedMissing(StagingError):
    """A staged object is not there: the batch can be staged again."""


class StagedAltered(StagingError):
    """Somebody changed a staged object; the batch can be staged again."""


class StagingKeyMissing(StagingError):
    """A staged object is encrypted, and this process lacks its key."""


class ObjectStore(ABC):
    """Keeps objects by key: a path `a/b/c` of safe names. An object appears whole and durable, or not at all."""

    key_id: str | None = None

    @abstractmethod
    def create(self, key: str) -> AbstractContextManager[IO[bytes]]:
        """A binary file; it becomes the object if its `with` block ends without an exception."""

    @abstractmethod
    def open(self, key: str) -> IO[bytes]:
        """The object's bytes. Raises StagedMissing if there is no such object, StagingError for other faults."""

    @abstractmethod
    def list(self, prefix: str) -> Iterator[str]:
        """The keys below `prefix`, which ends in a slash."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Remove the object, or all objects below a `key` that ends in a slash; nothing where there is none."""


def safe_parts(key: str) -> tuple[str, ...]:
    """The parts of a key. Raises StagingError for a key that could lead out of the store."""
    parts = PurePosixPath(key).parts
    if not parts or any(part in ("..", "/", ".") or "\\" in part or "\0" in part for part in parts):
        raise StagingError(f"not a staging key: {key!r}")
    return parts
