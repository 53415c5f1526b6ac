"""A chunk of patients' visits on disk, laid by day, so that a span of days is read from all chunks in one piece each.

A file is INDEX (for each day where it begins, and its end), how many visits each day has, and then the visits. A visit
is text: its line, then those of its children, each after the letter of its table.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from core.interchange.generate.story import DAYS

# A visit that falls on a Sunday is a day earlier, and the first may be: so there are some more days than the story's.
DAYS_LAID = DAYS + 4
BETWEEN = "\x1e"
NUMBER_BYTES = array("Q").itemsize
OFFSETS_BYTES = (DAYS_LAID + 1) * NUMBER_BYTES


@dataclass(frozen=True, slots=True)
class Folder:
    """Where the chunks of one population lie until they are loaded."""

    path: Path
    as_of: date

    def day_number(self, day: date) -> int:
        """The place of a day of the story; earlier days are put on the first."""
        return max(0, DAYS_LAID - (self.as_of - day).days)

    def day(self, number: int) -> date:
        return self.as_of - timedelta(days=DAYS_LAID - number)

    def has(self, chunk: int) -> bool:
        return self._file(chunk).is_file()

    def write(self, chunk: int, by_day: Mapping[int, Sequence[str]]) -> None:
        """Write a chunk's visits by the number of their day: the file is there whole or not at all."""
        days = [BETWEEN.join(by_day.get(number, ())).encode() for number in range(DAYS_LAID)]
        offsets, counts = (
            array("Q", [2 * OFFSETS_BYTES]),
            array("Q", [len(by_day.get(n, ())) for n in range(DAYS_LAID)]),
        )
        for content in days:
            offsets.append(offsets[-1] + len(content))
        counts.append(0)
        unfinished = self.path / f"{chunk:06}.writing"
        with unfinished.open("wb") as file:
            file.writelines((offsets.tobytes(), counts.tobytes(), *days))
        unfinished.replace(self._file(chunk))

    def visits(self, chunk: int) -> array[int]:
        """How many visits of a chunk each day has."""
        return self._numbers(chunk, OFFSETS_BYTES)[:-1]

    def read(self, chunks: int, first: int, after: int) -> Iterator[str]:
        """The visits of a span of days, of all chunks, those of a chunk in the order in which they were written."""
        for chunk in range(chunks):
            with self._file(chunk).open("rb") as file:
                offsets = self._read_numbers(file.fileno(), 0)
                for number in range(first, after):
                    start, end = offsets[number], offsets[number + 1]
                    if end > start:
                        yield from os.pread(file.fileno(), end - start, start).decode().split(BETWEEN)

    def _numbers(self, chunk: int, at: int) -> array[int]:
        with self._file(chunk).open("rb") as file:
            return self._read_numbers(file.fileno(), at)

    @staticmethod
    def _read_numbers(descriptor: int, at: int) -> array[int]:
        numbers: array[int] = array("Q")
        numbers.frombytes(os.pread(descriptor, OFFSETS_BYTES, at))
        return numbers

    def _file(self, chunk: int) -> Path:
        return self.path / f"{chunk:06}.laid"


@dataclass(frozen=True, slots=True)
class Slice:
    """Days [first, after) by number, loaded in one transaction."""

    number: int
    first: int
    after: int
    visits: int


def slices(visits_by_day: Sequence[int], visits_a_slice: int) -> list[Slice]:
    """Neighbouring days put together until they have so many visits."""
    found: list[Slice] = []
    first = gathered = 0
    for number, visits in enumerate(visits_by_day):
        gathered += visits
        if gathered >= visits_a_slice or (number == len(visits_by_day) - 1 and gathered):
            found.append(Slice(len(found), first, number + 1, gathered))
            first, gathered = number + 1, 0
    return found
