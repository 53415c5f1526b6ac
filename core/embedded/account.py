"""The operating-system account of the servers: PostgreSQL refuses to run as root."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.embedded import EmbeddedError

NOBODY = 65534
# The caller's PG*, LD_* and locale settings must not change how a server behaves.
PLAIN_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}


@dataclass(frozen=True)
class ServerAccount:
    """Makes a child process run as `uid`, and gives it its files. None is the account of this process."""

    uid: int | None

    @classmethod
    def current(cls) -> "ServerAccount":
        """The account for servers that this process starts. Raises EmbeddedError if PostgreSQL can't run under it."""
        uid = NOBODY if os.geteuid() == 0 else os.geteuid()
        try:
            pwd.getpwuid(uid)
        except KeyError as error:
            raise EmbeddedError(
                f"User id {uid} has no name here, and PostgreSQL refuses to run without one.",
                "run as a user that is listed in /etc/passwd.",
            ) from error
        return cls(uid=uid if os.geteuid() == 0 else None)

    def popen_options(self) -> dict[str, Any]:
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.uid, "extra_groups": []}

    def begin(self, command: list[str | Path], **environment: str) -> subprocess.Popen[str]:
        """Start `command` under this account, with stdout and stderr as text in one pipe. Raises EmbeddedError."""
        try:
            return subprocess.Popen(
                [str(part) for part in command],
                text=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=PLAIN_ENVIRONMENT | environment,
                # In a group of its own, so that we can end the command together with what it starts.
                start_new_session=True,
                **self.popen_options(),
            )
        except PermissionError as error:
            raise EmbeddedError(
                f"Can't run {command[0]} as uid {self.uid}: {error.strerror}.",
                "start Strata as an ordinary user, or allow this container to change users.",
            ) from error
        except OSError as error:
            raise EmbeddedError(
                f"Can't run {command[0]}: {error.strerror}.",
                "reinstall the environment, or set STRATA_POSTGRES_BIN to a PostgreSQL that runs on this machine.",
            ) from error

    def run(self, command: list[str | Path]) -> tuple[int, str]:
        """Run `command` to its end under this account; returns its exit status and its output."""
        process = self.begin(command)
        output, _ = process.communicate()
        return process.returncode, output

    def can_reach(self, path: Path) -> bool:
        """Whether this account may read and pass through every folder down to `path`."""
        if self.uid is None:
            return os.access(path, os.R_OK | os.X_OK)
        return self.run(["test", "-r", path, "-a", "-x", path])[0] == 0

    def own(self, path: Path) -> None:
        """Give one file or folder to this account."""
        if self.uid is not None:
            os.chown(path, self.uid, self.uid)

    def make_folder(self, path: Path) -> Path:
        path.mkdir(mode=0o700, parents=False, exist_ok=True)
        self.own(path)
        return path
