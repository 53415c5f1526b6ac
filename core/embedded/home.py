"""The folder of the servers' files: `servers/` in the data directory, or a folder elsewhere to which that is a link.

PostgreSQL does not run as root. If root starts the servers, they run under another account, which can't enter a data
directory below a folder such as /root (0700). Then `servers` is a link to a folder in /var/lib/strata, which is named
after the data directory.
"""

import hashlib
import shutil
import signal
from pathlib import Path

from core.embedded import EmbeddedError, processes
from core.embedded.account import ServerAccount
from core.embedded.lock import LOCK_NAME
from core.embedded.state import FILE_NAME

FALLBACK = Path("/var/lib/strata")
SERVER_PROGRAMS = ("postgres", "valkey-server")
LINK_NAME = "servers"
MINIMUM_FREE_MB = 600


def prepare(data_dir: Path, account: ServerAccount) -> Path:
    """Make the servers' folder for `data_dir` and return its real path."""
    link = data_dir / LINK_NAME
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        home = _choose(data_dir, link, account)
        home.mkdir(mode=0o711, parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedError(
            f"Can't write to {error.filename or data_dir}: {error.strerror}.",
            "choose a folder you can write to with --data-dir.",
        ) from error
    return home


def remove(data_dir: Path) -> None:
    """Delete the servers' folder of `data_dir`, wherever it is. Stop its servers first."""
    link = data_dir / LINK_NAME
    shutil.rmtree(link.resolve(), ignore_errors=True)
    link.unlink(missing_ok=True)


def erase(data_dir: Path, home: Path) -> None:
    """End every server that a killed run left behind, then delete databases, passwords and staged batches."""
    for entry in [entry for entry in home.iterdir() if entry.name != LOCK_NAME]:
        processes.end([p for name in SERVER_PROGRAMS for p in processes.running_in(entry, name)], signal.SIGKILL)
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    shutil.rmtree(data_dir / "staging", ignore_errors=True)
    (data_dir / FILE_NAME).unlink(missing_ok=True)


def check_space(home: Path) -> None:
    free_mb = shutil.disk_usage(home).free // 1_000_000
    if free_mb < MINIMUM_FREE_MB:
        raise EmbeddedError(
            f"Only {free_mb} MB are free at {home}; the servers need {MINIMUM_FREE_MB} MB to start.",
            "free some space, or choose another disk with --data-dir.",
        )


def _choose(data_dir: Path, link: Path, account: ServerAccount) -> Path:
    if link.is_symlink() or link.is_dir():
        return link.resolve()
    if account.can_reach(data_dir):
        return link
    name = hashlib.sha256(str(data_dir.resolve()).encode()).hexdigest()[:16]
    home = FALLBACK / name
    # Somebody deleted a data directory by hand. The passwords of these databases went with it.
    shutil.rmtree(home, ignore_errors=True)
    FALLBACK.mkdir(mode=0o711, parents=True, exist_ok=True)
    link.symlink_to(home)
    return home
