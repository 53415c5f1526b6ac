from dataclasses import dataclass
from pathlib import Path

from core.embedded.account import ServerAccount
from core.embedded.binaries import Binaries
from core.embedded.errors import EmbeddedError


@dataclass(frozen=True)
class Place:
    """What all embedded servers of one data directory share."""

    home: Path
    log_dir: Path
    binaries: Binaries
    account: ServerAccount
    durable: bool

    def write(self, path: Path, content: str) -> None:
        """Write a file that only the servers' account may read."""
        path.touch(mode=0o600)
        self.account.own(path)
        path.write_text(content)

    def run_tool(self, command: list[str | Path], **environment: str) -> None:
        """Run one of the servers' programs; raises EmbeddedError with its last words when it fails."""
        done = self.account.run(command, **environment)
        if done.returncode:
            raise EmbeddedError(
                f"{Path(command[0]).name} failed: {done.stdout.strip()[-400:]}",
                "remove the cause named above (a full disk?), then start again.",
            )
