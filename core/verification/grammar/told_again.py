"""A distance right behind a day tells that day again, from the date before it: "7 June, 12 July, five weeks later"."""

from __future__ import annotations

from core.verification.dates import When
from core.verification.grammar import times
from core.verification.grammar.chunk import MARK, WHEN, Chunk

READ_OVER = frozenset({"free", ","})


def is_told_again(found: list[Chunk], place: int) -> bool:
    """Whether the distance at `place` stands so; it is read if it fits, and nobody's, so unread, if it does not."""
    dates = _dates(found, place)
    if (
        len(dates) < 2
        or found[place + 1].means["ago"] == "ago"
        or not all(chunk.means.keys() & READ_OVER for chunk in found[dates[-1][-1] + 1 : place])
    ):
        return False
    far = _from(found[place], found[place + 1], found[dates[-2][-1]].days)
    if any(_meet(far, found[at].days) for at in dates[-1]):
        for chunk in found[place : place + 2]:
            chunk.kind, chunk.means, chunk.used, chunk.quantity = MARK, {"later": ""}, True, None
    return True


def _dates(found: list[Chunk], place: int) -> list[list[int]]:
    """Where the dates before `place` stand; "12 to 13 July" is one."""
    dates: list[list[int]] = []
    for at in range(place):
        if found[at].kind == WHEN and found[at].days:
            if dates and _is_joined(found, dates[-1][-1], at):
                dates[-1].append(at)
            else:
                dates.append([at])
    return dates


def _is_joined(found: list[Chunk], at: int, other: int) -> bool:
    between = found[at + 1 : other]
    return len(between) == 1 and ("-" in between[0].means or between[0].get("prep") in ("to", "until"))


def _from(distance: Chunk, following: Chunk, day: When) -> When:
    said = distance.quantity
    if said is None or said.unit is None:
        return ()
    sign = 1 if following.means["ago"] == "later" else -1
    return times.at_distance(day, sign * said.value * said.unit.size, said.unit.size)


def _meet(some: When, others: When) -> bool:
    return any(one.first <= other.last and other.first <= one.last for one in some for other in others)
