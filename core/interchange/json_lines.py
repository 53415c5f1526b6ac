"""JSON from outside: numbers exact, no NaN, bounded; plain or gzipped."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, cast

from core.interchange.csv_files import LINE_BYTES_MAX, BadFile

DOCUMENT_BYTES_MAX = 512 * 1024 * 1024


class BadJson(ValueError):
    """Text that is not JSON as we take it."""


def open_bytes(path: Path) -> IO[bytes]:
    """The file's bytes, unpacked if its name ends in .gz."""
    return cast(IO[bytes], gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb"))


def parse(raw: bytes) -> Any:
    """One JSON value. Raises BadJson."""
    with faults_told():
        return DECODER.decode(raw.decode("utf-8-sig"))


@contextmanager
def faults_told() -> Iterator[None]:
    """Raise what is wrong with JSON as BadJson, in words for who must mend the file."""
    try:
        yield
    except UnicodeDecodeError as fault:
        raise BadJson(f"is not UTF-8 (byte {fault.start + 1})") from None
    except json.JSONDecodeError as fault:
        raise BadJson(f"is not JSON ({fault.msg} at line {fault.lineno}, column {fault.colno})") from None
    except RecursionError:
        raise BadJson("is nested too deeply") from None
    except ValueError as fault:
        raise BadJson(f"is not JSON as we take it ({fault})") from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_constant)


def lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The non-empty lines of a file with their numbers. Raises BadFile where the file breaks off."""
    number = 0
    try:
        with open_bytes(path) as file:
            while raw := file.readline(LINE_BYTES_MAX + 1):
                number += 1
                if len(raw) > LINE_BYTES_MAX:
                    raise BadFile(f"{path.name}: line {number} is longer than {LINE_BYTES_MAX:,} bytes; reading ended")
                if raw.strip():
                    yield number, raw
    except (OSError, EOFError, zlib.error) as fault:
        raise BadFile(f"{path.name} can't be read after line {number} ({fault or type(fault).__name__})") from None


def document(path: Path) -> Any:
    """The single JSON value that a file holds. Raises BadFile."""
    try:
        with open_bytes(path) as file:
            raw = file.read(DOCUMENT_BYTES_MAX + 1)
    except (OSError, EOFError, zlib.error) as fault:
        raise BadFile(f"{path.name} can't be read ({fault or type(fault).__name__})") from None
    if len(raw) > DOCUMENT_BYTES_MAX:
        raise BadFile(f"{path.name} is longer than {DOCUMENT_BYTES_MAX:,} bytes: split it")
    try:
        return parse(raw)
    except BadJson as fault:
        raise BadFile(f"{path.name} {fault}") from None
