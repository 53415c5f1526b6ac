"""A MariaDB server of one's own, in a folder, for as long as a `with` block; reached on loopback."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

NOBODY = 65534
START_SECONDS = 60


class MariaDB:
    """One server; `sql` runs statements through its own client program."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.folder.mkdir()
        if os.getuid() == 0:
            os.chown(self.folder, NOBODY, NOBODY)
        data, log = self.folder / "data", (self.folder / "log").open("wb")
        made = [
            _program("mariadb-install-db"),
            "--no-defaults",
            f"--datadir={data}",
            "--auth-root-authentication-method=normal",
        ]
        subprocess.run([*made, "--skip-test-db"], check=True, stdout=log, stderr=log, **_account())
        self._process = subprocess.Popen(
            [_program("mariadbd"), "--no-defaults", f"--datadir={data}", f"--socket={self.folder}/s",
             f"--port={self.port}", "--bind-address=127.0.0.1", "--skip-name-resolve", "--local-infile=1",
             f"--tmpdir={self.folder}", "--innodb-buffer-pool-size=256M", "--innodb-log-file-size=512M"],
            stdout=log, stderr=log, **_account(),
        )  # fmt: skip
        self._wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(START_SECONDS)

    def sql(self, statements: str, database: str = "") -> str:
        """Run statements; returns what they print. Raises CalledProcessError."""
        client = [
            _program("mariadb"),
            "--no-defaults",
            "-h127.0.0.1",
            f"-P{self.port}",
            "-uroot",
            "--local-infile=1",
            "-N",
        ]
        run = subprocess.run([*client, *([database] if database else [])], input=statements.encode(), check=True,
                             capture_output=True)  # fmt: skip
        return run.stdout.decode()

    def _wait(self) -> None:
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                self.sql("SELECT 1")
            except subprocess.CalledProcessError:
                if time.monotonic() > until or self._process is None or self._process.poll() is not None:
                    raise RuntimeError(f"MariaDB did not start: see {self.folder}/log") from None
                time.sleep(0.2)
            else:
                return


def _program(name: str) -> str:
    return shutil.which(name) or name


def _account() -> dict[str, int | list[int]]:
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
