"""Staging in a folder: on this machine's disk, or mounted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
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


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
