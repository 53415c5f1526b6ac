"""Words that need something of the rows beside what they stand with: "again" an earlier one, "when" one time."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

from core.verification.cited import Cited
from core.verification.grammar.chunk import NAME, Chunk
from core.verification.grammar.names import BY_NAME

if TYPE_CHECKING:
    from core.verification.grammar.reader import Context

COURSES = frozenset({"condition", "prescription", "allergy"})


def unborne(segment: list[Chunk], context: Context) -> list[Chunk]:
    """The words of a segment that its rows do not bear out, whatever else they mean."""
    again = [chunk for chunk in segment if "repeat" in chunk.means]
    joining = [place for place, chunk in enumerate(segment) if "at the time of" in chunk.means]
    found = again if again and not _is_of_several(segment, context) else []
    return [*found, *(segment[place] for place in joining if not _is_of_one_time(segment, place, context))]


def _is_of_several(segment: list[Chunk], context: Context) -> bool:
    """Whether two cited rows are of one name, or two visits of any, or one of two days is told of each."""
    visits = sum(row.type == "visit" for row in context.rows)
    if visits > 1 and any(chunk.get("noun") == "visit" or "visit" in chunk.means for chunk in segment):
        return True
    return any(max(Counter(row.type for row in _rows(c, context)).values(), default=0) > 1 for c in segment)


def _is_of_one_time(segment: list[Chunk], place: int, context: Context) -> bool:
    """Whether what stands before "when" and what stands behind it may be of one time; true of all but courses."""
    before = next((found for c in reversed(segment[:place]) if (found := _courses(c, context))), [])
    behind = next((found for c in segment[place + 1 :] if (found := _courses(c, context))), [])
    if not before or not behind:
        return True
    return any(_meet(one, other) for one in before for other in behind)


def _meet(one: Cited, other: Cited) -> bool:
    """Whether one of them began or ended while the other lasted."""
    return one is other or any(_is_in(a, b) for a, b in ((one, other), (other, one)))


def _is_in(row: Cited, during: Cited) -> bool:
    days = [day for day in (row.start, row.stop) if day]
    if during.start is None:
        return False
    last = during.stop or (date.max if during.standing == "active" else during.start)
    return any(during.start <= day <= last for day in days)


def _courses(chunk: Chunk, context: Context) -> list[Cited]:
    return [row for row in _rows(chunk, context) if row.type in COURSES]


def _rows(chunk: Chunk, context: Context) -> list[Cited]:
    """The rows that a name is the name of."""
    if chunk.kind != NAME:
        return []
    return [context.rows[n] for n in dict.fromkeys(n for n, how in chunk.bearers if how == BY_NAME)]
