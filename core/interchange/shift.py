"""Moving dates: by whole days, decided once for each patient and kept.

The first import that brings a patient decides by how many days that patient's dates move, and the ledger keeps it
(`imported_row` with source `shift`, the patient's source id as key, the days in `content_hash`). Every later import
of the same patient, in any format, on any day and with any `--shift-to`, moves by the same, so that its rows fall on
those that are there. Patients who come for the first time move so that their newest record is on the wanted day.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from core.interchange.source_rows import Record

SOURCE = "shift"
_DAYS = "days:"
_DAY = re.compile(r"(?<![\w-])(\d{4}-\d{2}-\d{2})(?![\d-])")


def newest_day(records: Iterable[Record]) -> date | None:
    """The latest UTC day on which anything in these records begins or ends; births don't count."""
    newest: date | None = None
    for record in records:
        if record.kind == "patient":
            continue
        for value in record.values.values():
            at = _as_day(value)
            if at is not None and (newest is None or at > newest):
                newest = at
    return newest


def _as_day(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC).date()
    return value if isinstance(value, date) else None


def shifted(values: dict[str, Any], days: int, *, prose: str | None = None) -> dict[str, Any]:
    """The same columns with every date moved, and the plain ISO dates inside the text column `prose`."""
    if not days:
        return dict(values)
    delta = timedelta(days=days)
    moved: dict[str, Any] = {
        name: value + delta if isinstance(value, date) else value for name, value in values.items()
    }
    if prose is not None and moved.get(prose):
        moved[prose] = shift_text(moved[prose], days)
    return moved


def shift_text(text: str, days: int) -> str:
    """Text with each YYYY-MM-DD that is a real day moved; an instant keeps its time of day."""

    def move(match: re.Match[str]) -> str:
        try:
            return (date.fromisoformat(match[1]) + timedelta(days=days)).isoformat()
        except (ValueError, OverflowError):
            return match[1]

    return _DAY.sub(move, text)


def encode(days: int) -> str:
    """Days as the ledger keeps them."""
    return f"{_DAYS}{days}"


def is_encoded(kept: str) -> bool:
    """Whether the ledger keeps days there."""
    return kept.startswith(_DAYS)


def decode(kept: str) -> int:
    """Days from the ledger."""
    return int(kept.removeprefix(_DAYS))
