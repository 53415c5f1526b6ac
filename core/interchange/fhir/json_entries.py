"""The entries of a bundle one at a time, out of a window of its text: a big bundle is never in memory whole."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from core.interchange.json_lines import DECODER

# A value that is longer is taken as broken: a bundle that lacks a bracket would be read to its end.
VALUE_CHARS_MAX = 128 * 1024 * 1024
LONG_CHARS = 1 << 20
BLANK = " \t\r\n"
_BLANK = re.compile(r"[ \t\r\n]*")


@dataclass(slots=True)
class Member:
    """A member of a JSON object, or one element of its list; elements count from 1, `length` is in characters.

    `is_plain` is true of an element whose text has none of the marks that were asked for.
    """

    name: str
    value: Any
    number: int = 0
    length: int = 0
    is_plain: bool = False


class Window:
    """The part of a text that is being read. `read` gives the next part, nothing at the end."""

    def __init__(self, read: Callable[[], str]) -> None:
        self._read = read
        self._text, self._at, self._start = "", 0, 0
        self._lines, self._columns = 0, 0

    def peek(self) -> str:
        """The next character that is no blank, nothing at the end."""
        mark = self._text[self._at : self._at + 1]
        if mark and mark not in BLANK:
            return mark
        while True:
            found = _BLANK.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text) or not self._fill():
                return self._text[self._at : self._at + 1]

    def expect(self, mark: str) -> None:
        """Pass over a mark. Raises JSONDecodeError."""
        if self.peek() != mark:
            raise self._placed(json.JSONDecodeError(f"Expecting '{mark}'", self._text, self._at))
        self._at += 1

    def follows(self, closing: str) -> bool:
        """Whether another element follows; passes over the comma, or over the closing mark. Raises JSONDecodeError."""
        if self.peek() == closing:
            self._at += 1
            return False
        self.expect(",")
        if self.peek() == closing:
            raise self._placed(json.JSONDecodeError("Trailing comma", self._text, self._at))
        return True

    def value(self) -> Any:
        """The next value. Raises JSONDecodeError."""
        self.peek()
        while True:
            try:
                value, end = DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as fault:
                if len(self._text) - self._at < VALUE_CHARS_MAX and self._grow():
                    continue
                raise self._placed(fault) from None
            # A number may go on behind the window.
            if end == len(self._text) and self._fill():
                continue
            self._start, self._at = self._at, end
            return value

    @property
    def length(self) -> int:
        """How many characters the last value took."""
        return self._at - self._start

    def has(self, marks: Sequence[str]) -> bool:
        """Whether any of these words stands in the text of the last value."""
        return any(self._text.find(mark, self._start, self._at) >= 0 for mark in marks)

    def skip(self, length: int) -> None:
        """Pass over a value whose length is known."""
        self.peek()
        left = len(self._text) - self._at
        while left < length:
            self._at, length = len(self._text), length - left
            if not self._fill():
                return
            left = len(self._text)
        self._at += length

    def end(self) -> None:
        """Nothing may follow. Raises JSONDecodeError."""
        if self.peek():
            raise self._placed(json.JSONDecodeError("Extra data", self._text, self._at))

    def _fill(self, wanted: int = 0) -> bool:
        """Put more text behind what is left: one part, or more parts until there is as much as is wanted."""
        parts = [self._read()]
        if not parts[0]:
            return False
        kept = len(self._text) - self._at + len(parts[0])
        while parts[-1] and kept < wanted:
            parts.append(self._read())
            kept += len(parts[-1])
        self._drop_passed()
        self._text = "".join((self._text, *parts))
        return True

    def forget(self) -> None:
        """Let go of the text of a long value: whoever has the value may make several texts of it."""
        if self._at > LONG_CHARS:
            self._drop_passed()

    def _drop_passed(self) -> None:
        if newlines := self._text.count("\n", 0, self._at):
            self._lines += newlines
            self._columns = self._at - self._text.rfind("\n", 0, self._at) - 1
        else:
            self._columns += self._at
        self._text = self._text[self._at :]
        self._at = self._start = 0

    def _grow(self) -> bool:
        """Twice as much text, so that a long value is not tried too often."""
        return self._fill(2 * (len(self._text) - self._at))

    def _placed(self, fault: json.JSONDecodeError) -> json.JSONDecodeError:
        """The fault with its place in the whole text."""
        if fault.lineno == 1:
            fault.colno += self._columns
        fault.lineno += self._lines
        return fault


def members(window: Window, listed: str, marks: Sequence[str], skips: Sequence[int] = ()) -> Iterator[Member]:
    """The members of the JSON object; each element of the list `listed` comes by itself.

    `skips` are the lengths of elements to pass over, 0 of those to read. Raises JSONDecodeError where the text breaks
    off, after the members before.
    """
    window.expect("{")
    more = window.peek() != "}"
    if not more:
        window.expect("}")
    while more:
        name = window.value()
        window.expect(":")
        if name == listed and window.peek() == "[":
            yield from _elements(window, listed, marks, skips)
        else:
            yield Member(name, window.value())
        more = window.follows("}")
    window.end()


def _elements(window: Window, name: str, marks: Sequence[str], skips: Sequence[int]) -> Iterator[Member]:
    window.expect("[")
    more = window.peek() != "]"
    if not more:
        window.expect("]")
    number = 0
    while more:
        number += 1
        known = skips[number - 1] if number <= len(skips) else 0
        if known:
            window.skip(known)
        else:
            value = window.value()
            member = Member(name, value, number, window.length, not window.has(marks))
            del value
            window.forget()
            yield member
            del member
        more = window.follows("]")
