"""Days that a birth gives: "newborn", "day 1", "at 8 weeks of age", "5/12 old"."""

from __future__ import annotations

from datetime import date, timedelta

from core.verification.cited import Cited
from core.verification.dates import Days
from core.verification.grammar.chunk import VALUE, WHEN, WORD, Chunk
from core.verification.grammar.tokens import Words

NEWBORN = frozenset({"newborn", "neonatal", "neonate"})
NEWBORN_DAYS = 28
DAYS_MAX = 28
YEARS = 365
NEAR = 4


def settle(found: list[Chunk], words: Words, rows: list[Cited]) -> None:
    """Give each such word its days, where the patient's row is cited and another row is of those days."""
    born = _born(rows)
    dated = [row.start for row in rows if row.type != "patient" and row.start]
    if born is not None and dated:
        for place in reversed(range(len(found))):
            _read(found, place, words, born, dated)


def _born(rows: list[Cited]) -> date | None:
    return next((row.start for row in rows if row.type == "patient" and row.start), None)


def _read(found: list[Chunk], place: int, words: Words, born: date, dated: list[date]) -> None:
    meant = _days(found, place, words, born)
    if meant is not None and any(meant[1].holds(day) for day in dated):
        _settle(found, place, *meant)


def _days(found: list[Chunk], place: int, words: Words, born: date) -> tuple[int, Days] | None:
    """How many chunks say it, and which days they mean."""
    chunk, norm = found[place], words[found[place].start].norm
    following = found[place + 1] if place + 1 < len(found) else None
    if norm in NEWBORN and chunk.kind != WHEN and not chunk.bearers:
        return 1, Days(born, born + timedelta(NEWBORN_DAYS))
    if following is None:
        return None
    if norm == "day" and chunk.end == chunk.start + 1:
        return _numbered(following, born)
    return _aged(chunk, following, born)


def _numbered(number: Chunk, born: date) -> tuple[int, Days] | None:
    """ "Day 1": of birth, or the day after, as people count."""
    said = number.quantity
    if number.kind != VALUE or said is None or said.unit or said.sign or not 0 <= said.value <= DAYS_MAX:
        return None
    return 2, Days(born + timedelta(max(0, int(said.value) - 1)), born + timedelta(int(said.value)))


def _aged(number: Chunk, word: Chunk, born: date) -> tuple[int, Days] | None:
    """An age in days, weeks or months, from when it is complete to the next."""
    said = number.quantity
    if "aged" not in word.means or said is None or said.sign or said.unit is None or said.unit.kind != "time":
        return None
    if not 1 <= said.unit.size < YEARS:
        return None
    first, last = (born + timedelta(int(n * said.unit.size)) for n in (said.value, said.value + 1))
    return 2, Days(first, last)


def _settle(found: list[Chunk], place: int, count: int, days: Days) -> None:
    """Days of their own; beside a date that they hold they say nothing new."""
    chunk = found[place]
    chunk.end, chunk.quantity, chunk.name = found[place + count - 1].end, None, None
    del found[place + 1 : place + count]
    if any(_share(days, day) for other in _beside(found, place) for day in other.days):
        chunk.kind, chunk.used, chunk.means = WORD, True, {"free": ""}
    else:
        chunk.kind, chunk.days, chunk.means = WHEN, (days,), {}


def _share(one: Days, other: Days) -> bool:
    return one.holds(other.first) or other.holds(one.first)


def _beside(found: list[Chunk], place: int) -> list[Chunk]:
    """The dates near a place; the first of the sentence, where none is."""
    others = [(n, other) for n, other in enumerate(found) if n != place and other.kind == WHEN]
    return [other for n, other in others if abs(n - place) <= NEAR] or [other for _, other in others[:1]]
