"""What each part of `said` must look like for its readers: a process that is taken may have written any other there."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from typing import Any

from core.metrics import counters
from core.models.clinical import PrescriptionStatus

log = logging.getLogger(__name__)
Shape = Callable[[Any], bool]

PRECISIONS = ("year", "month", "day")
NUMERAL = re.compile(r"-?\d{1,200}(?:\.\d{1,200})?", re.ASCII)
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
# Of a file that is kept: its title, kind, size and hash.
FILE = (str, str, int, str)


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _rows_of(length: int) -> Shape:
    def fits(value: Any) -> bool:
        return isinstance(value, list) and all(
            isinstance(row, list) and len(row) == length and all(part is None or _text(part) for part in row)
            for row in value
        )

    return fits


def _concept(value: Any) -> bool:
    return isinstance(value, dict) and _text(value.get("text")) and CODINGS(value.get("codings", []))


def _file(value: Any) -> bool:
    is_file = isinstance(value, list) and len(value) == len(FILE)
    return _text(value) or (is_file and all(map(isinstance, value, FILE)))


def _files(value: Any) -> bool:
    return isinstance(value, list) and all(map(_file, value))


def _precisions(value: Any) -> bool:
    return isinstance(value, dict) and all(one in PRECISIONS for one in value.values())


def _lapses(value: Any) -> bool:
    return isinstance(value, dict) and all(
        status in set(PrescriptionStatus) and _text(day) and DAY.match(day) is not None for status, day in value.items()
    )


def _numeral(value: Any) -> bool:
    return _text(value) and NUMERAL.fullmatch(value) is not None


def _parts(value: Any) -> bool:
    return isinstance(value, dict)


CODINGS, PAIRS = _rows_of(3), _rows_of(2)
SHAPES: Mapping[str, Shape] = {
    **dict.fromkeys(
        ("authored", "clinical", "code", "comparator", "form", "intent", "judged", "note", "onset", "override",
         "range", "recorded", "replaced_by", "resource", "status", "status_reason", "system", "type", "unit",
         "verification"),
        _text,
    ),
    **dict.fromkeys(("codings", "value_codings"), CODINGS),
    **dict.fromkeys(("identifiers", "security"), PAIRS),
    **dict.fromkeys(("method", "site", "specimen"), _concept),
    **dict.fromkeys(("name", "period_value", "range_value", "ratio_value"), _parts),
    "attachments": _files,
    "dates": _precisions,
    "exact": _numeral,
    "lapses": _lapses,
}  # fmt: skip


def fitting(parts: Mapping[str, Any]) -> dict[str, Any]:
    """The parts that their readers can read; one that they can't is left out, counted, and logged by its name."""
    kept = dict(parts)
    for name in parts.keys() & SHAPES.keys():
        if not SHAPES[name](parts[name]):
            counters.unknown_word("said")
            log.warning("a row has a part %s of `said` that can't be read", name)
            del kept[name]
    return kept
