"""The object store where archive batches are staged: a folder or S3, encrypted if there is a key for it."""

from __future__ import annotations

import os
import shutil
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


class StagedAltered(StagingError):
    """A staged object is not what was written; the batch can be staged again."""


class StagingKeyMissing(StagingError):
    """A staged object is encrypted with a key that this process does not have."""


class ObjectStore(ABC):
    """Keys are `a/b/c` paths of safe names; an object appears whole, and durable, or not at all."""

    key_id: str | None = None

    @abstractmethod
    def create(self, key: str) -> AbstractContextManager[IO[bytes]]:
        """A binary file that becomes the object when its `with` block ends without an exception."""

    @abstractmethod
    def open(self, key: str) -> IO[bytes]:
        """The object's bytes. Raises StagedMissing if it isn't there, StagingError for other faults."""

    @abstractmethod
    def list(self, prefix: str) -> Iterator[str]:
        """The keys below `prefix`, which ends in a slash."""

    @abstractmethod
    def delete(self, prefix: str) -> None:
        """Remove every object below `prefix`, which ends in a slash."""


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

    def list(self, prefix: str) -> Iterator[str]:
        for path in sorted(self._path(prefix).rglob("*")):
            if path.is_file() and path.suffix != ".partial":
                yield path.relative_to(self.root).as_posix()

    def delete(self, prefix: str) -> None:
        try:
            shutil.rmtree(self._path(prefix))
        except FileNotFoundError:
            return
        except OSError as fault:
            raise StagingError(f"staged files in {prefix} can't be removed: {fault.strerror}") from fault

    def _path(self, key: str) -> Path:
        return self.root.joinpath(*safe_parts(key))


def safe_parts(key: str) -> tuple[str, ...]:
    """The parts of a key. Raises StagingError for one that could leave its place."""
    parts = PurePosixPath(key).parts
    if not parts or any(part in ("..", "/", ".") or "\\" in part or "\0" in part for part in parts):
        raise StagingError(f"not a staging key: {key!r}")
    return parts


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def object_store() -> ObjectStore:
    """The store that STRATA_STAGING_URL names, encrypting if STRATA_STAGING_KEY is set. Raises StagingError."""
    settings = db.databases().settings
    return _store_at(settings.staging_url, settings.staging_key)


def audit_store() -> ObjectStore:
    """The store that STRATA_AUDIT_HEADS_URL names, or else the one for staging. Raises StagingError."""
    settings = db.databases().settings
    return _store_at(settings.audit_heads_url or settings.staging_url, settings.staging_key)


def _store_at(address: str, key: str) -> ObjectStore:
    url = urlsplit(address)
    store = Folder(Path(unquote(url.path))) if url.scheme == "file" else _s3(url.netloc, url.path.strip("/"))
    from core.staging_seal import Sealed, parse_key

    return Sealed(store, parse_key(key))


def _s3(bucket: str, prefix: str) -> ObjectStore:
    from core.staging_s3 import S3

    return S3(bucket, prefix)
