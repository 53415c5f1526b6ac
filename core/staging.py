"""The object store where archive batches are staged: a folder, written whole or not at all."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import unquote, urlsplit

from core import db


class StagingError(Exception):
    """Staging can't be written or read; the message names the mend."""


class StagedMissing(StagingError):
    """A staged object is not there: the batch can be staged again."""


class ObjectStore(ABC):
    """Keys are `a/b/c` paths of safe names; an object appears whole, and durable, or not at all."""

    @abstractmethod
    def create(self, key: str) -> AbstractContextManager[IO[bytes]]:
        """A binary file that becomes the object when its `with` block ends without an exception."""

    @abstractmethod
    def open(self, key: str) -> IO[bytes]:
        """The object's bytes. Raises StagingError if it isn't there."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Remove the object, if it is there."""


class Folder(ObjectStore):
    """Objects as files below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextmanager
    def create(self, key: str) -> Iterator[IO[bytes]]:
        path = self._path(key)
        partial = path.with_name(path.name + ".partial")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
            _sync_folder(path.parent)
        except OSError as fault:
            raise StagingError(f"can't write to staging at {self.root}: {fault.strerror}; free space there") from fault
        finally:
            partial.unlink(missing_ok=True)

    def open(self, key: str) -> IO[bytes]:
        try:
            return self._path(key).open("rb")
        except FileNotFoundError as fault:
            raise StagedMissing(f"staged object {key} is missing: the batch is staged again") from fault
        except OSError as fault:
            raise StagingError(f"staged object {key} can't be read: {fault.strerror}") from fault

    def delete(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        parts = PurePosixPath(key).parts
        if not parts or any(part in ("..", "/", ".") or "\\" in part or "\0" in part for part in parts):
            raise StagingError(f"not a staging key: {key!r}")
        return self.root.joinpath(*parts)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def object_store() -> ObjectStore:
    """The store that STRATA_STAGING_URL names. Raises StagingError for one that can't be used."""
    url = urlsplit(db.databases().settings.staging_url)
    if url.scheme != "file":
        raise StagingError(f"{url.scheme}:// staging is not supported yet: set STRATA_STAGING_URL to a file:// folder")
    return Folder(Path(unquote(url.path)))
