"""What the embedded servers remember between starts: their ports and generated passwords."""

import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from core.embedded import EmbeddedError, ports

FILE_NAME = "servers.json"
PASSWORD_NAMES = ("postgres", "valkey")


def write_private_json(path: Path, content: Any) -> None:
    """Replace `path` in one step with `content` as JSON, which only the owner can read (0600)."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(content, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


@dataclass
class ServersState:
    ports: dict[str, int] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, data_dir: Path) -> "ServersState | None":
        """The remembered state, or None if there is none. Raises EmbeddedError if the file can't be understood."""
        path = data_dir / FILE_NAME
        try:
            return cls(**json.loads(path.read_text()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            raise EmbeddedError(f"{path} can't be read: {error}.", "start again with `strata demo --fresh`.") from error

    @classmethod
    def new(cls) -> "ServersState":
        return cls(passwords={name: secrets.token_hex(16) for name in PASSWORD_NAMES})

    def save(self, data_dir: Path) -> None:
        write_private_json(data_dir / FILE_NAME, asdict(self))

    def settle_ports(self, names: tuple[str, ...]) -> list[str]:
        """Give each server a port that is free now; returns the names whose remembered port had to change."""
        moved = [name for name in names if name in self.ports and not ports.is_free(self.ports[name])]
        kept = {name: port for name, port in self.ports.items() if name in names and name not in moved}
        for name in names:
            if name not in kept:
                kept[name] = ports.pick()
            ports.claim(kept[name])
        self.ports = kept
        return moved
