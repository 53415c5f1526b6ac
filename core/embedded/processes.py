"""Finding and ending server processes, never one that isn't ours: a server's working folder is its data folder."""

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

import psutil  # type: ignore[import-untyped]

Process: TypeAlias = psutil.Process

STOP_SECONDS = 5


def running_in(folder: Path, program: str) -> list[Process]:
    """Every process called `program` whose working folder is `folder`."""
    home = folder.resolve()
    found = []
    for process in psutil.process_iter(["name"]):
        with suppress(psutil.Error, OSError):
            if process.info["name"] == program and Path(process.cwd()) == home:
                found.append(process)
    return found


def in_group(group: int) -> list[Process]:
    """Every process of a group: a command that leads it, and what it started."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if os.getpgid(process.pid) == group:
                found.append(process)
    return found


def marked(name: str, value: str) -> list[Process]:
    """Every process with `name=value` in its environment: a child inherits the mark, and no other process has it."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.environ().get(name) == value:
                found.append(process)
    return found


def end(processes: list[Process], first: signal.Signals, *, seconds: float = STOP_SECONDS) -> None:
    """Send `first` to each process, wait, and kill what has not gone after `seconds`."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(first)
    _, left = psutil.wait_procs(processes, timeout=seconds)
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(left, timeout=seconds)
