"""Servers of a benchmark's own, made for it and removed; and programs beside them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from core.embedded.servers import Servers
from core.install.setup import initialise
from core.settings import config

ROOT = Path(__file__).parents[1]


class Environment(NamedTuple):
    """Running servers, the variables that reach them, and a folder that is removed at the end."""

    servers: Servers
    env: dict[str, str]
    folder: Path


@contextmanager
def environment(say: Callable[[str], None], **extra: str) -> Iterator[Environment]:
    """Fresh servers with their schema; this process is configured for them. `extra` are more variables."""
    with tempfile.TemporaryDirectory(prefix="strata-bench-") as made:
        folder = Path(made)
        folder.chmod(0o755)
        with Servers(folder, say) as servers:
            own = {"STRATA_SPOOL_DIR": f"{folder}/spool", "STRATA_SECRET_KEY": "b" * 40, "STRATA_PLAIN_HTTP": "1",
                   "STRATA_ARCHIVE_ROWS_PER_SECOND": "0", "STRATA_SECOND_FACTOR": "offered",
                   "STRATA_FIELD_KEYS": urlsafe_b64encode(b"of a benchmark".ljust(32)).decode()}  # fmt: skip
            env = {**servers.env(), **own, **extra}
            initialise(config.load(env))
            yield Environment(servers, env, folder)


@contextmanager
def program(env: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A Python program of this project, ended with the block."""
    command = [sys.executable, "-m", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **env}, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def default(setting: str) -> object:
    """What a setting is unless it is set."""
    return config.Settings.model_fields[setting].default
