"""A picture's values as bytes: columns, differences rather than numbers, each word once; then deflated."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Any

from core.picture.values import COLUMNS, Value, Values

FORMAT = 1
# Texts that few values have; what is left out at the end of a kind is None, so that one more makes no new format.
BESIDE = COLUMNS[COLUMNS.index("said") :]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND, SECOND = 1, 1_000_000
# Some million values. What unpacks to more would fill the memory of whoever reads it.
UNPACKED_BYTES_MAX = 1 << 26


class UnknownFormat(ValueError):
    """The bytes are no picture, or of a version of Strata that this one does not know."""


def pack(values: Iterable[Value]) -> bytes:
    """Values of one patient, in any order."""
    ordered = sorted(values, key=lambda value: (value.observed_at, value.id))
    if not ordered:
        return b""
    text = json.dumps(_columns(ordered), separators=(",", ":"), ensure_ascii=False)
    return zlib.compress(text.encode(), 9)


def _columns(ordered: Sequence[Value]) -> list[Any]:
    scale, at = _instants(ordered)
    visits, of_visit = _once(zip(at, (value.visit_id for value in ordered), strict=True))
    kinds, of_kind = _once(map(_kind, ordered))
    return [
        FORMAT,
        scale,
        _differences([instant for instant, _ in visits]),
        [visit_id for _, visit_id in visits],
        kinds,
        _differences(of_visit),
        _differences([value.id for value in ordered]),
        of_kind,
        [_text(value.value_number) for value in ordered],
        {place: value.value_text for place, value in enumerate(ordered) if value.value_text is not None},
    ]


def _instants(ordered: Sequence[Value]) -> tuple[int, list[int]]:
    """The largest unit in which all are whole, in microseconds, and each in that unit."""
    at = [(value.observed_at - EPOCH) // timedelta(microseconds=1) for value in ordered]
    scale = SECOND if all(instant % SECOND == 0 for instant in at) else MICROSECOND
    return scale, [instant // scale for instant in at]


def unpack(content: bytes) -> Values:
    """What `pack` packed, by time. Raises UnknownFormat."""
    if not content:
        return ()
    try:
        return tuple(_unpacked(json.loads(_inflated(content))))
    except UnknownFormat:
        raise
    except (zlib.error, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError) as fault:
        raise UnknownFormat(f"not a patient's picture: {type(fault).__name__}") from None


def _inflated(content: bytes) -> bytes:
    inflating = zlib.decompressobj()
    found = inflating.decompress(content, UNPACKED_BYTES_MAX)
    if not inflating.eof:
        raise UnknownFormat("a patient's picture is cut off, or too large")
    return found


def _unpacked(columns: Sequence[Any]) -> Iterator[Value]:
    if columns[0] != FORMAT:
        raise UnknownFormat(f"no format {columns[0]} of a patient's picture is known")
    scale, instants, visit_ids, kinds, of_visit, ids, of_kind, numbers, texts = columns[1:]
    instants = [EPOCH + timedelta(microseconds=instant * scale) for instant in accumulate(instants)]
    kinds = [(*kind[:2], _number(kind[2]), _number(kind[3]), kind[4], _beside(kind[5:])) for kind in kinds]
    rows = zip(accumulate(of_visit), accumulate(ids), of_kind, numbers, strict=True)
    for at, (visit, row_id, kind, number) in enumerate(rows):
        assay_id, unit, low, high, interpretation, beside = kinds[kind]
        yield Value(
            id=row_id,
            assay_id=assay_id,
            visit_id=visit_ids[visit],
            observed_at=instants[visit],
            value_number=_number(number),
            value_text=texts.get(str(at)),
            unit=unit,
            ref_low=low,
            ref_high=high,
            interpretation=interpretation,
            **beside,
        )


def _beside(told: Sequence[Any]) -> dict[str, Any]:
    if len(told) > len(BESIDE):
        raise UnknownFormat("a value of a patient's picture has more parts than are known")
    return dict(zip(BESIDE, told, strict=False))


def _kind(value: Value) -> tuple[Any, ...]:
    kind = (value.assay_id, value.unit, _text(value.ref_low), _text(value.ref_high), value.interpretation)
    beside = [getattr(value, name) for name in BESIDE]
    while beside and beside[-1] is None:
        beside.pop()
    return (*kind, *beside)


def _once(items: Iterable[Any]) -> tuple[list[Any], list[int]]:
    """Each item once, in the order in which they first come, and the place there of each."""
    places: dict[Any, int] = {}
    of_item = [places.setdefault(item, len(places)) for item in items]
    return list(places), of_item


def _differences(numbers: Sequence[int]) -> list[int]:
    return [number - before for before, number in zip([0, *numbers], numbers, strict=False)]


def _text(number: Decimal | None) -> str | None:
    return None if number is None else format(number.normalize(), "f")


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
