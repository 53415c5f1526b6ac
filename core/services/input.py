"""Typed input, made fit to store; all faults are named together, by field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

# Characters that no line of text needs: controls, and marks that change the direction of the text after them.
# Those that overrule what comes after them are refused; of others only their sight is missing, so they go, as in
# what is imported: they hide a name from search, or make it another that looks the same.
UNSEEN = re.compile("[\u00ad\u061c\u200b\u200e\u200f\u2060-\u2065\ufeff]")
UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


class InvalidInput(ValueError):
    """Input that can't be stored as it is: a message for each field at fault."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{field}: {message}" for field, message in errors.items()))
        self.errors = dict(errors)


class Faults:
    """Gathers faults while fields are read; `check()` raises them together."""

    def __init__(self) -> None:
        self.errors: dict[str, str] = {}

    def add(self, field: str, message: str) -> None:
        """Note a field's fault; the first one counts."""
        self.errors.setdefault(field, message)

    def check(self) -> None:
        """Raises InvalidInput if anything was noted."""
        if self.errors:
            raise InvalidInput(self.errors)

    def line(self, field: str, text: str | None, *, limit: int, required: str | None = None) -> str | None:
        """One line, blanks trimmed; None if empty. `required` is the message when it is missing."""
        value = " ".join(self.text(field, text, limit=limit).split())
        if not value and required:
            self.add(field, required)
        return value or None

    def text(self, field: str, text: str | None, *, limit: int) -> str:
        """Free text, line ends as \\n, at most `limit` characters."""
        value = UNSEEN.sub("", text or "").replace("\r\n", "\n").strip()
        found = UNWANTED.search(value)
        if found:
            self.add(field, f"Remove the character U+{ord(found.group()):04X}, which can't be shown: type it again.")
        if len(value) > limit:
            self.add(field, f"Shorten this to {limit:,} characters; it has {len(value):,}.")
        return value

    def choice(self, field: str, text: str | None, allowed: Mapping[str, str], message: str) -> str:
        """One of the allowed codes."""
        if text not in allowed:
            self.add(field, message)
        return text or ""

    def day(self, field: str, day: date | None, *, earliest: date, latest: date, missing: str) -> date:
        """A day between two days."""
        if day is None:
            self.add(field, missing)
        elif day > latest:
            self.add(field, "Enter a day that is not in the future.")
        elif day < earliest:
            self.add(field, f"Enter a day after {earliest:%-d %b %Y}.")
        return day or latest
