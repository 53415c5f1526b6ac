"""The text of a file in parts of a bounded size, however well it is packed."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import IO

from core.interchange.csv_files import BadFile
from core.interchange.json_lines import DOCUMENT_BYTES_MAX

PART_BYTES = 1 << 18


def text_parts(opened: IO[bytes], name: str) -> Callable[[], str]:
    """A function that gives the next part of a text in UTF-8, nothing at the end. It raises BadFile."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    taken = 0

    def part() -> str:
        nonlocal taken
        while True:
            raw = opened.read(PART_BYTES)
            if not taken and raw.lstrip()[:1] == b"<":
                raise BadFile(f"{name} is XML: export it as FHIR JSON")
            before = taken - len(decoder.getstate()[0])
            taken += len(raw)
            if taken > DOCUMENT_BYTES_MAX:
                raise BadFile(f"{name} is longer than {DOCUMENT_BYTES_MAX:,} bytes: split it")
            try:
                text = decoder.decode(raw, final=not raw)
            except UnicodeDecodeError as fault:
                raise BadFile(f"{name} is not UTF-8 (byte {before + fault.start + 1})") from None
            if text or not raw:
                return text

    return part
