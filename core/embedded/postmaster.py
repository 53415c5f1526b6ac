"""What a PostgreSQL server writes about itself in its files."""

import re
from pathlib import Path

PID_LINE, STATUS_LINE = 0, 7
LOG_TAIL_BYTES = 8_000


def pid(data: Path) -> int | None:
    """The pid in postmaster.pid. Its server may have ended long ago."""
    try:
        return int((data / "postmaster.pid").read_text().splitlines()[PID_LINE])
    except (OSError, ValueError, IndexError):
        return None


def accepts_connections(data: Path, postmaster_pid: int) -> bool:
    """Whether postmaster.pid says that the server with this pid is ready."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) > STATUS_LINE and lines[PID_LINE] == str(postmaster_pid) and lines[STATUS_LINE].strip() == "ready"


def last_words(log: Path) -> str:
    """The last fault in a server's log, without its prefix."""
    try:
        tail = log.read_bytes()[-LOG_TAIL_BYTES:].decode(errors="replace")
    except OSError:
        return "it wrote no log"
    faults = re.findall(r"(?:FATAL|PANIC|ERROR): +(.+)", tail)
    lines = tail.strip().splitlines()
    return faults[-1] if faults else (lines[-1] if lines else "it wrote no log")


def data_major(data: Path) -> int:
    """The major version that made a data folder."""
    return int((data / "PG_VERSION").read_text().split(".")[0])
