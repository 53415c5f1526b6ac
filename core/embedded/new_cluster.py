"""The files of a new PostgreSQL server. initdb makes them once; all servers of a data directory are copies of these.

So they have one system identifier. That lets nobody follow the wrong one: a standby also needs its slot.
"""

import shutil
import tempfile
from pathlib import Path

from core.embedded.place import Place
from core.embedded.postgres_settings import password_settings

FOLDER = "initdb"
BUILTIN_LOCALE_SINCE = 17


def copy_to(folder: Path, place: Place, *, user: str, password: str) -> None:
    """Fill an empty folder. The password is the same for all servers. Raises EmbeddedError, or Abandoned."""
    made = place.home / FOLDER
    with place.making_cluster:
        place.check_wanted()
        if not made.is_dir():
            _initialise(made, place, user, password)
    place.run_tool(["cp", "-R", f"{made}/.", folder])
    if place.durable:
        place.run_tool([place.binaries.postgres("initdb"), "--sync-only", "-D", folder])


def remove(place: Place) -> None:
    """Delete what initdb has made: all servers have their copies, or an earlier start was broken off."""
    shutil.rmtree(place.home / FOLDER, ignore_errors=True)


def _initialise(made: Path, place: Place, user: str, password: str) -> None:
    """Under another name until it is whole."""
    part = made.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    place.account.make_folder(part)
    with tempfile.NamedTemporaryFile("w", dir=place.home, prefix="initdb-") as password_file:
        password_file.write(password)
        password_file.flush()
        place.account.own(Path(password_file.name))
        options = ["-U", user, "-A", "scram-sha-256", "--pwfile", password_file.name, "--encoding=UTF8"]
        hashing = password_settings(major=place.binaries.major, durable=place.durable)
        options += [word for name, value in hashing.items() for word in ("-c", f"{name}={value}")]
        # Nobody starts these files: what is written to disk is each copy.
        options += ["--no-instructions", "--no-sync", *_locale(place.binaries.major)]
        place.run_tool([place.binaries.postgres("initdb"), "-D", part, *options])
    part.rename(made)


def _locale(major: int) -> list[str]:
    if major < BUILTIN_LOCALE_SINCE:
        return ["--locale=C.UTF-8"]
    return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
