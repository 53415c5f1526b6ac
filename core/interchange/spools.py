"""Parts of a file that are written side by side, on disk until they are put one after the other."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from typing import IO


def on_disk(stack: ExitStack) -> IO[bytes]:
    """A file without a name: nobody else can open it, and nothing of it is left when the stack ends."""
    return stack.enter_context(tempfile.TemporaryFile())


def append(file: IO[bytes], part: IO[bytes]) -> None:
    """Put all of a part at the end of a file."""
    part.seek(0)
    shutil.copyfileobj(part, file)
