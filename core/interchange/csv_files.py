"""CSV from outside, line by line: a bad line is one refusal, and reading goes on at the next."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.interchange.summary import Place

LINE_BYTES_MAX = 16 * 1024 * 1024
QUOTED_LINES_MAX = 1_000


class BadFile(Exception):
    """A whole file that can't be read; the message says why and how to mend it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row as text by column name, with its place; one with a fault has its first cell at most."""

    place: Place
    cells: dict[str, str]
    fault: str | None = None


def rows(path: Path, columns: tuple[str, ...]) -> Iterator[Row]:
    """The rows of a CSV file with a header that has at least `columns`. Raises BadFile before the first row."""
    csv.field_size_limit(LINE_BYTES_MAX)
    with path.open("rb") as file:
        header = _header(file.readline(LINE_BYTES_MAX), path.name, columns)
        pending: list[tuple[int, bytes]] = []
        lines = enumerate(file, start=2)
        while True:
            line = pending.pop(0) if pending else next(lines, None)
            if line is None:
                return
            number, raw = line
            if not raw.strip():
                continue
            place = Place(path.name, number)
            try:
                cells = _cells(raw, len(header), lines, pending)
            except ValueError as fault:
                first = raw.split(b",", 1)[0].decode(errors="replace").strip()
                yield Row(place, {header[0]: first}, str(fault))
            else:
                yield Row(place, dict(zip(header, cells, strict=True)))


def _header(raw: bytes, name: str, columns: tuple[str, ...]) -> list[str]:
    header = _header_cells(raw, name)
    missing = [column for column in columns if column not in header]
    if missing:
        raise BadFile(f"{name} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}")
    if len(set(header)) != len(header):
        raise BadFile(f"{name} names a column twice in its header")
    return header


def _header_cells(raw: bytes, name: str) -> list[str]:
    if not raw.strip():
        raise BadFile(f"{name} is empty: it needs a header line")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in raw:
        raise BadFile(f"{name} is not UTF-8 (it looks like UTF-16): save it as UTF-8")
    try:
        return [cell.strip() for cell in _parse(raw.decode("utf-8-sig"))]
    except UnicodeDecodeError:
        raise BadFile(f"{name} is not UTF-8: save it as UTF-8") from None
    except ValueError:
        raise BadFile(f"{name} is not CSV: its header line can't be read") from None


def _cells(raw: bytes, width: int, lines: Iterator[tuple[int, bytes]], pending: list[tuple[int, bytes]]) -> list[str]:
    """The cells of the row that starts with this line; lines of a row that fails are given back, to stand alone."""
    taken: list[tuple[int, bytes]] = []
    open_quote = raw.count(b'"') % 2 == 1
    while open_quote and len(taken) < QUOTED_LINES_MAX:
        following = pending.pop(0) if pending else next(lines, None)
        if following is None:
            break
        taken.append(following)
        open_quote ^= following[1].count(b'"') % 2 == 1
    try:
        return _checked(b"".join((raw, *(line for _, line in taken))), width)
    except ValueError:
        pending[:0] = taken
        raise


def _checked(raw: bytes, width: int) -> list[str]:
    if len(raw) > LINE_BYTES_MAX:
        raise ValueError(f"the line is longer than {LINE_BYTES_MAX:,} bytes")
    try:
        text = raw.decode()
    except UnicodeDecodeError as fault:
        raise ValueError(f"the line is not UTF-8 (byte {fault.start + 1})") from None
    if "\x00" in text:
        raise ValueError("the line holds a null byte")
    cells = _parse(text)
    if len(cells) != width:
        raise ValueError(f"the line has {len(cells)} fields, the header {width}")
    return cells


def _parse(text: str) -> list[str]:
    try:
        return next(csv.reader((text,), strict=True))
    except csv.Error as fault:
        raise ValueError(f"the line is not CSV ({fault})") from None
    except StopIteration:
        raise ValueError("the line is empty") from None
