"""Staging in a folder: on this machine's disk, or mounted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from core.staging.contract import ObjectStore, StagedMissing, StagingError, safe_parts


class Folder(ObjectStore):
    """Objects as files below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextmanager
    def create(self, key: str) -> Iterator[IO[bytes]]:
        path = self._path(key)
        partial = path.with_name(path.name + ".partial")
        try:
            _make_private(path.parent, self.root)
            with open(partial, "wb", opener=_private) as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
            sync_folder(path.parent)
        except OSError as fault:
            raise StagingError(f"can't write to staging at {self.root}: {fault.strerror}; free space there") from fault
        finally:
            # What stopped the writing may stop this too, and counts more.
            with suppress(OSError):
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

    def delete(self, key: str) -> None:
        path = self._path(key)
        try:
            if key.endswith("/"):
                shutil.rmtree(path)
            else:
                path.unlink()
        except FileNotFoundError:
            return
        except OSError as fault:
            raise StagingError(f"{key} can't be removed from staging: {fault.strerror}") from fault

    def _path(self, key: str) -> Path:
        return self.root.joinpath(*safe_parts(key))


def _private(path: str, flags: int) -> int:
    """Open for this account alone: a staged file holds records."""
    return os.open(path, flags, 0o600)


def _make_private(folder: Path, root: Path) -> None:
    root.mkdir(parents=True, exist_ok=True)
    for part in reversed([folder, *folder.parents]):
        if root in part.parents:
            part.mkdir(mode=0o700, exist_ok=True)


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable, as `fsync` makes a file."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
