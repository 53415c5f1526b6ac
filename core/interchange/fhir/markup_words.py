"""The words of HTML: lines as they are shown, cells of a table apart, what is struck out told as such."""

from __future__ import annotations

import html
import re

_TAGS = re.compile(r"<(script|style|head)\b.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
_BREAKS = re.compile(
    r"<\s*(?:br|hr|/?\s*(?:p|div|tr|li|h[1-6]|dt|dd|caption|table|ul|ol|section|pre|blockquote))\b[^>]*>", re.IGNORECASE
)
_CELL = re.compile(r"<\s*/\s*t[dh]\s*>", re.IGNORECASE)
_STRUCK = re.compile(r"<\s*(del|s|strike)\b[^>]*>(.*?)<\s*/\s*\1\s*>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^<>]*>")
CELLS = " | "


def words(markup: str) -> str:
    """The words of HTML or XHTML."""
    shown = _STRUCK.sub(r" [struck out: \2] ", _TAGS.sub("", markup))
    broken = _CELL.sub(CELLS, _BREAKS.sub("\n", shown))
    lines = (" ".join(line.split()) for line in html.unescape(_TAG.sub("", broken)).splitlines())
    return "\n".join(filter(None, map(_line, lines)))


def _line(line: str) -> str:
    """A line without the marks behind its last cell."""
    return line.rstrip("| ") if line.endswith("|") else line
