"""Tables as CSV that any spreadsheet opens, and that runs nothing in it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import IO, Any

from core.models import said

# A spreadsheet runs what begins like this, unless it is a number; those of East Asia take the wide signs for it too.
RUNS = re.compile(r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
# Excel takes a file for UTF-8 by these bytes alone.
MARK = "\ufeff".encode()


class CsvTable:
    """One CSV file: a line of column names, then a line for each row."""

    def __init__(self, file: IO[bytes], columns: Sequence[str]) -> None:
        self.file = file
        file.write(MARK)
        self.add(columns)

    def add(self, cells: Iterable[Any]) -> None:
        """Write one row, each cell in quotes: where semicolons part cells, one in a text must not begin another."""
        text = io.StringIO()
        csv.writer(text, quoting=csv.QUOTE_ALL).writerow(map(_cell, cells))
        self.file.write(text.getvalue().encode())


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, date):
        return said.iso(value)
    text = str(value)
    return f"'{text}" if RUNS.match(text) and not NUMBER.fullmatch(text) else text
