import fcntl
import os
from pathlib import Path
from typing import TextIO

from core.embedded import EmbeddedError

LOCK_NAME = "lock"


class ServersLock:
    """Reserves a servers' folder for one process; the kernel releases the lock when the process dies."""

    def __init__(self) -> None:
        self._file: TextIO | None = None

    def take(self, folder: Path) -> None:
        """Take the lock, if this process does not have it. Raises EmbeddedError if another process has it."""
        if self._file is not None:
            return
        file = (folder / LOCK_NAME).open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().strip()
            file.close()
            raise EmbeddedError(
                f"The servers in {folder} are already running (process {holder}).",
                "stop that one first, or give this one another --data-dir.",
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file

    @property
    def is_taken(self) -> bool:
        """Whether this process has the lock."""
        return self._file is not None

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
