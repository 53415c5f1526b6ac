"""demo.json, by which other programs find the running demo, and the demo's own keys.json. Both are 0600."""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

from core.embedded import EmbeddedError
from core.embedded.state import write_private_json
from core.settings.config import environ_with
from core.settings.parsing import PROCESS_KINDS

DATA_DIR = ".strata"
DEMO_FILE = "demo.json"
KEYS_FILE = "keys.json"


@dataclass(frozen=True)
class SignIn:
    role: str
    username: str
    password: str
    totp_secret: str | None = None


def make_key() -> str:
    """32 random bytes as base64."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


@dataclass
class Keys:
    """What is made at the first start and kept: secrets, keys, sign-ins, and whether the data are all in."""

    public_secret: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    staff_secret: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    field_key: str = field(default_factory=make_key)
    staging_key: str = field(default_factory=make_key)
    attachments_key: str = field(default_factory=make_key)
    audit_key: str = field(default_factory=make_key)
    signing_key: str = field(default_factory=make_key)
    event_keys: dict[str, str] = field(default_factory=lambda: {kind: make_key() for kind in PROCESS_KINDS})
    sign_ins: list[SignIn] = field(default_factory=list)
    filled: bool = False

    @classmethod
    def load(cls, data_dir: Path) -> Keys:
        path = data_dir / KEYS_FILE
        try:
            content = json.loads(path.read_text())
            return cls(**{**content, "sign_ins": [SignIn(**sign_in) for sign_in in content["sign_ins"]]})
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise EmbeddedError(f"{path} can't be read: {error}.", "start again with `strata demo --fresh`.") from error

    def save(self, data_dir: Path) -> None:
        write_private_json(data_dir / KEYS_FILE, asdict(self))


def announce(data_dir: Path, *, public_url: str, staff_url: str, sign_ins: list[SignIn], env: dict[str, str]) -> None:
    """Write demo.json, which says that everything answers."""
    content = {
        "public_url": public_url,
        "staff_url": staff_url,
        "sign_ins": [asdict(sign_in) for sign_in in sign_ins],
        "env": env,
        "pid": os.getpid(),
    }
    write_private_json(data_dir / DEMO_FILE, content)


def withdraw(data_dir: Path) -> None:
    """Write in demo.json that the demo has stopped."""
    path = data_dir / DEMO_FILE
    if path.exists():
        write_private_json(path, {**json.loads(path.read_text()), "pid": None})


def forget(data_dir: Path) -> None:
    """Delete the files that belong to databases which no longer exist."""
    for name in (DEMO_FILE, KEYS_FILE):
        (data_dir / name).unlink(missing_ok=True)
    shutil.rmtree(data_dir / "spool", ignore_errors=True)


def discover(folder: Path | None = None) -> dict[str, str] | None:
    """The settings of the demo that runs in `folder`/.strata or STRATA_DATA_DIR; None if no demo runs there."""
    named = environ_with({}).get("STRATA_DATA_DIR")
    path = (Path(named) if named else (folder or Path.cwd()) / DATA_DIR) / DEMO_FILE
    try:
        content: dict[str, Any] = json.loads(path.read_text())
        written_at = path.stat().st_mtime
    except (OSError, ValueError):
        return None
    return content["env"] if _alive(content.get("pid"), written_at) else None


def _alive(pid: int | None, written_at: float) -> bool:
    """Whether this process runs and is older than the file. A younger process only got the same number."""
    try:
        return pid is not None and bool(psutil.Process(pid).create_time() <= written_at)
    except psutil.Error:
        return False
