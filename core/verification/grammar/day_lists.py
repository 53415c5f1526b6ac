"""Days that share one month or year: "on 19, 20 and 21 November", "(4 → 21 Nov)", "in Nov 24, 25 and 26"."""

from __future__ import annotations

from core.verification.dates import When
from core.verification.grammar import times
from core.verification.grammar.chunk import VALUE, WHEN, Chunk
from core.verification.grammar.tokens import Words

LED_BY = frozenset({"on", "between", "from", "of", "in"})
DAYS_MAX = 31


def settle(found: list[Chunk], words: Words) -> None:
    """Make days of the bare numbers that stand in a list with a date."""
    for place, chunk in enumerate(found):
        if chunk.kind == WHEN and chunk.days:
            _before(found, place, words)
    for place, chunk in enumerate(found):
        if chunk.kind == WHEN and chunk.days and place and _leads(found[place - 1]):
            _behind(found, place, words)


def _before(found: list[Chunk], place: int, words: Words) -> None:
    """The numbers that lead to a day, each before the next, where a word or a bracket leads them all."""
    last = found[place].days
    if last[0].first != last[0].last:
        return
    chosen: list[tuple[Chunk, When]] = []
    following, at = last, place
    while at >= 2 and _joins(found[at - 1]) and (days := _day(found[at - 2], following, words)):
        chosen.append((found[at - 2], days))
        following, at = days, at - 2
    if chosen and at and _leads(found[at - 1]):
        for chunk, days in chosen:
            chunk.kind, chunk.days, chunk.quantity = WHEN, days, None


def _day(chunk: Chunk, following: When, words: Words) -> When:
    """The day of a bare number in the month of the day behind it, if it comes before that."""
    number = _bare(chunk, words)
    days = times.day_of_month(number, following) if 0 < number <= DAYS_MAX else ()
    return days if days and days[0].first < following[0].first else ()


def _behind(found: list[Chunk], place: int, words: Words) -> None:
    """ "Nov 24, 25 and 26": the numbers go on as the first does, whether it is a day or a year."""
    written = words[found[place].start].norm
    month, _, first = written.rpartition(" ")
    if not (month.isalpha() and first.isdigit()):
        return
    at = place
    while at + 2 < len(found) and _joins(found[at + 1]):
        number = _bare(found[at + 2], words)
        if number != int(first) + (at - place) // 2 + 1:
            return
        found[at + 2].days = times.read(f"{month} {number}")
        found[at + 2].kind, found[at + 2].quantity = WHEN, None
        at += 2


def _bare(chunk: Chunk, words: Words) -> int:
    """The whole number of a chunk without unit or sign; 0 for anything else."""
    if chunk.kind not in (VALUE, "ordinal") or chunk.end != chunk.start + 1:
        return 0
    written = words[chunk.start].norm.rstrip("stndrh")
    return int(written) if written.isdigit() and words[chunk.start].unit is None else 0


def _joins(between: Chunk) -> bool:
    return not {",", "/", "→"}.isdisjoint(between.means) or between.means.get("conj") in ("and", "or")


def _leads(chunk: Chunk) -> bool:
    return "(" in chunk.means or chunk.means.get("prep") in LED_BY
