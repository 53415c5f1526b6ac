import signal
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path

from core.embedded import EmbeddedError, processes
from core.embedded.account import ServerAccount
from core.embedded.binaries import Binaries

LOOK_SECONDS = 0.1


class Abandoned(Exception):
    """Somebody gave up the start of the servers while it went on."""


@dataclass(frozen=True)
class Place:
    """What all embedded servers of one data directory share. Setting `abandoned` ends every start that is under way."""

    home: Path
    log_dir: Path
    binaries: Binaries
    account: ServerAccount
    durable: bool
    abandoned: threading.Event = field(default_factory=threading.Event)
    # Servers start at the same time: one makes what all copy.
    making_cluster: threading.Lock = field(default_factory=threading.Lock)

    def write(self, path: Path, content: str) -> None:
        """Write a file that only the servers' account may read."""
        path.touch(mode=0o600)
        self.account.own(path)
        path.write_text(content)

    def run_tool(self, command: list[str | Path], **environment: str) -> None:
        """Run one of the servers' programs. Raises EmbeddedError with the end of its output, or Abandoned."""
        process = self.account.begin(command, **environment)
        output = self._watch(process)
        self.check_wanted()
        if process.returncode:
            raise EmbeddedError(
                f"{Path(command[0]).name} failed: {output.strip()[-400:]}",
                "remove the cause named above (a full disk?), then start again.",
            )

    def check_wanted(self) -> None:
        if self.abandoned.is_set():
            raise Abandoned

    def _watch(self, process: subprocess.Popen[str]) -> str:
        while True:
            try:
                return process.communicate(timeout=LOOK_SECONDS)[0]
            except subprocess.TimeoutExpired:
                if self.abandoned.is_set():
                    processes.end(processes.in_group(process.pid), signal.SIGTERM)
