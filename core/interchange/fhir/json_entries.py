"""The entries of a bundle one at a time, so that a big bundle is never in memory as objects all at once."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterator
from typing import Any

from core.interchange.json_lines import DECODER, faults_told

_BLANK = re.compile(r"[ \t\r\n]*")


def members(text: str, listed: str) -> Iterator[tuple[str, Any, bool]]:
    """The members of the JSON object in `text`; each element of the list `listed` comes by itself, marked true.

    Raises BadJson where the text breaks off, after the members before.
    """
    with faults_told():
        yield from _members(text, listed)


def _members(text: str, listed: str) -> Iterator[tuple[str, Any, bool]]:
    at = _expect(text, _skip(text, 0), "{")
    while text[at : at + 1] != "}":
        name, at = DECODER.raw_decode(text, at)
        at = _expect(text, _skip(text, at), ":")
        if name == listed and text[at : at + 1] == "[":
            at = yield from _elements(text, _skip(text, at + 1), listed)
        else:
            value, at = DECODER.raw_decode(text, at)
            yield name, value, False
        at = _next(text, at, "}")
    if _skip(text, at + 1) != len(text):
        raise json.JSONDecodeError("Extra data", text, at + 1)


def _elements(text: str, at: int, name: str) -> Generator[tuple[str, Any, bool], None, int]:
    while text[at : at + 1] != "]":
        value, at = DECODER.raw_decode(text, at)
        yield name, value, True
        at = _next(text, at, "]")
    return at + 1


def _skip(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


def _expect(text: str, at: int, mark: str) -> int:
    if text[at : at + 1] != mark:
        raise json.JSONDecodeError(f"Expecting '{mark}'", text, at)
    return _skip(text, at + 1)


def _next(text: str, at: int, closing: str) -> int:
    at = _skip(text, at)
    if text[at : at + 1] == closing:
        return at
    following = _expect(text, at, ",")
    if text[following : following + 1] == closing:
        raise json.JSONDecodeError("Trailing comma", text, at)
    return following
