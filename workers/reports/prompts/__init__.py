"""Prompts as files. A prompt's version is its file's name and the start of its hash: each change makes a new one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Prompt:
    """A system prompt; `version` reads `drafter-1a2b3c4d`."""

    version: str
    text: str


@cache
def load(name: str) -> Prompt:
    """The prompt in `name`.md."""
    text = (Path(__file__).parent / f"{name}.md").read_text(encoding="utf-8")
    return Prompt(f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:8]}", text)


def version() -> str:
    """The version of the whole set, as a report keeps it."""
    names = ("drafter", "reviser", "checker", "reader")
    return "+".join(load(name).version for name in names)
