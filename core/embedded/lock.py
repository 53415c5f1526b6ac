import fcntl
import os
from pathlib import Path
from typing import TextIO

from core.embedded.errors import EmbeddedError


class DataDirLock:
    """Keeps a data directory to one process; the kernel lets go of it when that process dies."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "lock"
        self._file: TextIO | None = None

    def take(self) -> None:
        """Take it unless it is taken already; raises EmbeddedError when another process has it."""
        if self._file is not None:
            return
        file = self._path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().strip()
            file.close()
            raise EmbeddedError(
                f"The servers in {self._path.parent} are already running (process {holder}).",
                "stop that one first, or give this one another --data-dir.",
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
