"""Writes and reads PostgreSQL's COPY text format, in which both engines stage and load rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Boolean, Date, DateTime, Integer, LargeBinary, Numeric
from sqlalchemy.types import TypeEngine

CHUNK_BYTES = 1 << 18
NULL = "\\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_MEANT = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f", "v": "\v"}
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def line(values: Sequence[Any]) -> str:
    """The line of one row of texts, numbers, days, instants and nulls."""
    joined = "\t".join([NULL if value is None else str(value) for value in values])
    # Few rows hold a mark that needs an escape. To look for one in the whole line is cheaper than in each field.
    if _is_plain(joined, len(values) - 1, values.count(None)):
        return f"{joined}\n"
    return "\t".join(NULL if value is None else str(value).translate(_ESCAPES) for value in values) + "\n"


def _is_plain(joined: str, tabs: int, nulls: int) -> bool:
    """Whether a line has no marks of COPY's own but those between its fields and of its nulls."""
    return joined.count("\t") == tabs and joined.count("\\") == nulls and "\n" not in joined and "\r" not in joined


def write(rows: Iterable[Iterable[Any]]) -> Iterator[bytes]:
    """Write rows of Python values, in chunks of about CHUNK_BYTES; a JSON value must be its text."""
    lines: list[str] = []
    size = 0
    for row in rows:
        lines.append(line([_text(value) for value in row]))
        size += len(lines[-1])
        if size >= CHUNK_BYTES:
            yield "".join(lines).encode()
            lines, size = [], 0
    if lines:
        yield "".join(lines).encode()


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(" ")
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def read(chunks: Iterable[bytes], types: Sequence[TypeEngine[Any]]) -> Iterator[list[Any]]:
    """Read rows from chunks of COPY's text, as values of their columns' types; JSON stays text. Raises ValueError."""
    readers = [_reader(kind) for kind in types]
    for text in _lines(chunks):
        fields = text.split("\t")
        yield [None if field == NULL else read(field) for field, read in zip(fields, readers, strict=True)]


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for one in whole:
            yield one.decode()
    if rest:
        raise ValueError("the last row is cut off")


def _plain(field: str) -> str:
    return _ESCAPED.sub(lambda found: _MEANT.get(found[1], found[1]), field) if "\\" in field else field


# A column is read by the first entry that its type belongs to.
READERS: tuple[tuple[type[TypeEngine[Any]], Callable[[str], Any]], ...] = (
    (Boolean, lambda field: field in ("t", "true", "True")),
    (Integer, int),
    (Numeric, Decimal),
    (Date, date.fromisoformat),
    (DateTime, datetime.fromisoformat),
    (LargeBinary, lambda field: bytes.fromhex(_plain(field).removeprefix("\\x"))),
    (TypeEngine, _plain),
)


def _reader(kind: TypeEngine[Any]) -> Callable[[str], Any]:
    return next(read for known, read in READERS if isinstance(kind, known))
