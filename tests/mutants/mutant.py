"""A seeded fault."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """A text in a file and what is put in its place; `killed_by` is a test that must then fail."""

    name: str
    file: str
    old: str
    new: str
    killed_by: str
