"""The runbooks in docs/runbooks: found by name, and taken apart into headings, paragraphs, lists and commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "docs" / "runbooks"
FENCE = "```"
ITEM = re.compile(r"(?=^(?:- |\d+\. ))", re.MULTILINE)


@dataclass(frozen=True)
class Runbook:
    """`parts` are pairs: `head`, `text`, `item` or `code`, and its words."""

    title: str
    parts: tuple[tuple[str, str], ...]

    @property
    def commands(self) -> tuple[str, ...]:
        """Every block of commands, in order."""
        return tuple(words for kind, words in self.parts if kind == "code")


def names() -> list[str]:
    """Every runbook's name: the name of its file without the ending."""
    return sorted(path.stem for path in FOLDER.glob("*.md") if path.stem != "README")


def read(name: str) -> Runbook | None:
    """The runbook of this name, or None."""
    if name not in names():
        return None
    title, *rest = (FOLDER / f"{name}.md").read_text().splitlines()
    return Runbook(title.removeprefix("# "), tuple(_parts(rest)))


def _parts(lines: list[str]) -> Iterator[tuple[str, str]]:
    kind, held = "text", list[str]()
    for line in lines:
        if line.startswith(FENCE):
            yield from _held(kind, held)
            kind, held = ("text" if kind == "code" else "code"), []
        elif kind == "text" and line.startswith("## "):
            yield from _held(kind, held)
            yield "head", line.removeprefix("## ")
            held = []
        else:
            held.append(line)
    yield from _held(kind, held)


def _held(kind: str, held: list[str]) -> Iterator[tuple[str, str]]:
    words = "\n".join(held).strip("\n")
    if kind == "code":
        yield kind, words
        return
    for paragraph in filter(None, words.split("\n\n")):
        for piece in filter(None, ITEM.split(paragraph)):
            is_item = bool(ITEM.match(piece))
            yield "item" if is_item else "text", " ".join(piece.removeprefix("- ").split())
