"""What only some results are: "low only in 2019 and 2021", "above 130 only once", "the only raised one was 5.4"."""

from __future__ import annotations

from typing import NamedTuple

from core.verification.grammar.chunk import BOUNDS, VALUE, Chunk, Quantity
from core.verification.grammar.result_pieces import Piece
from core.verification.grammar.result_points import Points
from core.verification.grammar.result_scan import Scan

# "Only measured in 2019" is no word about how a result reads.
OF_DOING = frozenset({"measure", "record", "start", "take"})


class Exclusion(NamedTuple):
    """How only some results read, or what value only they pass; `number` is how many they are."""

    reading: str | None
    degree: str | None
    value: Quantity | None
    number: int | None


def settled(scan: Scan, points: Points) -> Exclusion | None:
    """What a word such as "only" makes of the points of a frame; nothing if the frame has none that is still unread."""
    marks = [n for n, item in enumerate(scan.items) if "only" in item.means and not item.used]
    if len(marks) != 1 or _is_of_doing(scan.next(marks[0])):
        return None
    told, number = _told(points), _number(scan.items[marks[0] + 1 : marks[0] + 4])
    if told is None or not (number or any(map(_is_some, points.found))):
        return None
    scan.items[marks[0]].used = True
    return _shared(points, told, number)


def _is_of_doing(behind: Chunk | None) -> bool:
    return behind is not None and not OF_DOING.isdisjoint(behind.means)


def _is_some(piece: Piece) -> bool:
    return piece.valued or bool(piece.whens or piece.which)


def _number(behind: list[Chunk]) -> Chunk | None:
    """The "once" of "only once"."""
    return next((c for c in behind if c.kind == VALUE and "number" in c.means and not c.used), None)


def _told(points: Points) -> Piece | None:
    """The one piece that says how the results read, or what value they pass."""
    reading = [piece for piece in points.found if piece.reading]
    bounds = [p for p in points.found if p.value is not None and p.value.sign in BOUNDS and not p.whens]
    found = [*reading, *bounds] if not (points.always or points.every_value) else []
    return found[0] if len(found) == 1 else None


def _shared(points: Points, told: Piece, number: Chunk | None) -> Exclusion:
    """What all the points share; where it stands alone it is no point of its own."""
    bound = None if told.reading else told.value
    said = Exclusion(told.reading, told.degree, bound, None)
    if bound is not None:
        told.value = None
    elif not _is_some(told):
        told.reading = None
    points.found = [piece for piece in points.found if not piece.empty]
    for piece in points.found if said.reading else ():
        piece.reading, piece.degree = said.reading, said.degree
    if number is not None and number.quantity is not None:
        number.used = True
        return said._replace(number=round(number.quantity.value))
    return said
