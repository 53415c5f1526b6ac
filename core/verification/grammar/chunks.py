"""Tokens to chunks: the longest phrase that has a meaning, a date, a quantity, or a name with the rows that bear it."""

from __future__ import annotations

import itertools
import re
from datetime import timedelta
from typing import NamedTuple

from core.verification.cited import Cited
from core.verification.dates import Days
from core.verification.grammar import names, times
from core.verification.grammar.phrases import longest_at
from core.verification.grammar.tokens import Token, Words
from core.verification.vocabulary import UNITS, Unit

NAME, WHEN, SPAN, VALUE, PAIR, WORD, MARK, UNKNOWN = "name", "when", "span", "value", "pair", "word", "mark", "unknown"
_COMPARED = {"<": "<", "<=": "<=", ">": ">", ">=": ">=", "~": "~", "±": "~"}
LENGTHS = {7.0: "days", 52.0: "weeks", 12.0: "months"}
LASTING = frozenset({"x", "for", "over", "in", "after", "last", "past", "within", "rpt", "repeat", "every", "course"})
OF_DAYS = frozenset({"same day", "day after"})
DATING = frozenset({"on", "since", "until", "from", "by", "to", "of", "till"})
_ODD_NUMBER = re.compile(r"^\D*0\d|\d{12}")
_CELSIUS, _METRE = UNITS["°c"], UNITS["metre"]


class Quantity(NamedTuple):
    """`step` is half of what the last written digit is worth."""

    value: float
    unit: Unit | None
    step: float
    sign: str = ""


class Chunk:
    """`start` and `end` count tokens; `means` maps a kind of meaning to the meaning."""

    __slots__ = ("days", "end", "first", "kind", "means", "name", "pair", "quantity", "start", "used")

    def __init__(self, kind: str, start: int, end: int, means: dict[str, str] | None = None) -> None:
        self.kind, self.start, self.end = kind, start, end
        self.means: dict[str, str] = means or {}
        self.days: tuple[Days, ...] = ()
        self.first: tuple[Days, ...] = ()
        self.quantity: Quantity | None = None
        self.pair: tuple[Quantity, Quantity] | None = None
        self.name: names.Name | None = None
        self.used = False

    def get(self, kind: str) -> str | None:
        return self.means.get(kind)

    def __repr__(self) -> str:
        return f"<{self.kind} {self.means or self.quantity or self.pair or self.days or self.name}>"


def read(words: Words, rows: list[Cited]) -> list[Chunk]:
    """The chunks of a sentence, in order, none of them overlapping."""
    found: list[Chunk] = []
    book = names.Book(rows)
    i, count = 0, len(words)
    while i < count:
        chunk = _chunk(words, i, book)
        found.append(chunk)
        i = chunk.end
    said = frozenset().union(*[chunk.means for chunk in found])
    if not said.isdisjoint(OF_DAYS):
        _same_days(found, rows)
    if "aged" in said or "pronoun" in said:
        _ages(found, rows)
    return times_joined(found, words) if any(chunk.kind == WHEN for chunk in found) else found


def _chunk(words: Words, i: int, book: names.Book) -> Chunk:
    token = words[i]
    if token.kind == "when":
        return _when(token, i)
    if token.kind == "number":
        return _number(words, i)
    if token.norm == "+":
        return _word(words, i)
    if token.kind in (MARK, "ordinal"):
        return Chunk(token.kind, i, i + 1, {token.norm: ""} if token.kind == MARK else None)
    named = names.read(words, i, book) if names.may_begin(words, i, book) else None
    return _named(words, i, named) if named else _word(words, i)


def _when(token: Token, i: int) -> Chunk:
    chunk = Chunk(WHEN, i, i + 1)
    chunk.days = times.read(token.norm) or times.IMPOSSIBLE
    return chunk


def _named(words: Words, i: int, named: names.Name) -> Chunk:
    """A name, or a word such as "normal" that is also the name of something no row bears."""
    if not named.bearers and "read of" in (means := longest_at(words, i)[1]):
        return Chunk(WORD, i, named.end, {"read of": means["read of"]})
    chunk = Chunk(NAME, i, named.end, named.kinds)
    chunk.name = named
    return chunk


def _word(words: Words, i: int) -> Chunk:
    end, means = longest_at(words, i)
    if not means:
        unit = UNITS.get(words[i].norm)
        if unit and unit.kind == "time" and i and words[i - 1].norm in ("previous", "preceding"):
            chunk = Chunk(VALUE, i, i + 1, {"before": ""})
            chunk.quantity = Quantity(1.0, unit, 0.0)
            return chunk
        if unit and unit.kind == "time" and i and (words[i - 1].norm in ("a", "an", "one") or _past_time(words, i)):
            chunk = Chunk(VALUE, i, i + 1)
            chunk.quantity = Quantity(1.0, unit, 0.0)
            return chunk
        return Chunk(UNKNOWN, i, i + 1)
    if "number" in means:
        chunk = Chunk(VALUE, i, end, means)
        chunk.quantity = Quantity(float(means["number"]), None, 0.0)
        if (
            end < len(words)
            and words[end].kind == "word"
            and (unit := UNITS.get(words[end].norm))
            and unit.kind == "time"
        ):
            chunk.end, chunk.quantity = end + 1, Quantity(float(means["number"]), unit, 0.0)
        return chunk
    return Chunk(WORD, i, end, means)


def _past_time(words: Words, i: int) -> bool:
    """ "Over the past year"."""
    before = [word.norm for word in words[max(0, i - 3) : i]]
    if before[-1:] == ["the"] and i + 1 < len(words) and words[i + 1].norm in ("before", "after", "earlier", "later"):
        return True
    return before[-1:] in (["past"], ["last"], ["previous"]) and bool({"over", "in", "during", "within"} & set(before))


def quantity_of(token: Token) -> Quantity:
    written = token.norm
    sign = written.rstrip("0123456789.,").strip()
    negative = -1 if sign == "-" else 1
    digits = written[len(written.rstrip("0123456789.,")) :].replace(",", "").rstrip(".")
    decimals = len(digits.partition(".")[2])
    return Quantity(negative * float(digits), token.unit, 0.5 * 10**-decimals, _COMPARED.get(sign, ""))


def _number(words: Words, i: int) -> Chunk:
    if _ODD_NUMBER.search(words[i].norm):
        return Chunk(UNKNOWN, i, i + 1)
    first = quantity_of(words[i])
    if first.unit is None and (end := _paired(words, i + 1)):
        return _slashed(words, i, end, first) or _pair(words, i, end, first)
    chunk = Chunk(VALUE, i, i + 1)
    following = words[i + 1].norm if i + 1 < len(words) else ""
    if first.unit is None and following in ("c", "m") and not _is_age(words, i, first):
        first, chunk.end = first._replace(unit=_CELSIUS if following == "c" else _METRE), i + 2
    chunk.quantity = first
    if i + 1 < len(words) and first.unit is None and (times_more := longest_at(words, i + 1)[1].get("multiplier")):
        chunk.end, size = i + 2, float(times_more)
        chunk.quantity = first._replace(value=first.value * size, step=first.step * size)
    return chunk


def _pair(words: Words, i: int, end: int, first: Quantity) -> Chunk:
    chunk = Chunk(PAIR, i, end)
    chunk.pair = (first, quantity_of(words[end - 1]))
    return chunk


def _slashed(words: Words, i: int, end: int, first: Quantity) -> Chunk | None:
    """ "1/52", "x2/7" and "for 6/12" are lengths of time; "22/7" is a day, of some year."""
    second = quantity_of(words[end - 1])
    whole = first.step == second.step == 0.5 and end == i + 3 and words[i + 1].norm == "/"
    if not whole or second.unit is not None or first.value > 31 or second.value not in (*range(1, 13), 52):
        return None
    before = words[i - 1].norm if i else ""
    length = Quantity(first.value, UNITS[LENGTHS[second.value]], 0.0) if second.value in LENGTHS else None
    chunk = Chunk(VALUE, i, end)
    chunk.quantity = length
    if length is not None and (second.value == 52 or before in LASTING):
        return chunk
    if second.value == 10 and first.value <= 10 and before not in DATING:
        return None
    chunk.kind, chunk.days = WHEN, times.day_and_month(round(first.value), round(second.value))
    return chunk if chunk.days else None


def _is_age(words: Words, i: int, said: Quantity) -> bool:
    """Whether a number and an "m" are "43M" rather than metres: no one is 43 metres tall."""
    return words[i + 1].norm == "m" and said.step == 0.5 and said.value > 3


def _paired(words: Words, at: int) -> int:
    """Where the second number of "148/92", "148 over 92" or "3 out of 10" ends, or 0."""
    link = [word.norm for word in words[at : at + 2]]
    after = at + 2 if link == ["out", "of"] else at + 1 if link and link[0] in ("/", "over") else len(words)
    if after >= len(words) or words[after].kind != "number":
        return 0
    over = link[0] == "over" and min(quantity_of(words[n]).value for n in (at - 1, after)) < 30
    return 0 if over else after + 1


def _same_days(found: list[Chunk], rows: list[Cited]) -> None:
    """ "The same day", and "the day of the arrest": a date that another date, or a row, gives."""
    near: tuple[Days, ...] = ()
    for place, chunk in enumerate(found):
        if chunk.kind == WHEN and chunk.days:
            near = chunk.days
        elif "same day" in chunk.means and _birthday(found, place, rows):
            continue
        elif "same day" in chunk.means:
            reach = found[place + 1 : place + 3]
            reach = found[place + 1 : place + 5] if any(c.kind == WHEN for c in reach) else reach
            name = next((c for c in reach if c.kind == NAME), None)
            days = _days_of(found, place, name, rows) if name is not None else near
            if not days and name is None:
                days = next((c.days for c in found[place:] if c.kind == WHEN), ())
            if days:
                _settle_day(found, place, days)
                if name is not None:
                    name.used = True
        elif "day after" in chunk.means and near and not near[0].yearless and near[0].first == near[0].last:
            step = timedelta(int(chunk.means["day after"]))
            chunk.kind, chunk.days = WHEN, tuple(Days(d.first + step, d.last + step) for d in near)


def _settle_day(found: list[Chunk], place: int, days: tuple[Days, ...]) -> None:
    """A day named by another; beside the same day in figures it says nothing new."""
    chunk = found[place]
    written = found[place - 2] if place > 1 and "," in found[place - 1].means else None
    if written is not None and written.kind == WHEN and set(written.days) & set(days):
        chunk.used, chunk.means = True, {"free": ""}
    else:
        chunk.kind, chunk.days = WHEN, days


def _ages(found: list[Chunk], rows: list[Cited]) -> None:
    """ "Since she was 18" and "since age 18" as the year that the row of the patient gives."""
    born = next((row.start for row in rows if row.type == "patient" and row.start), None)
    for place, chunk in enumerate(found):
        if born is None or chunk.get("prep") not in ("since", "from"):
            continue
        number = next((c for c in found[place + 1 : place + 5] if c.kind == VALUE), None)
        between = found[place + 1 : found.index(number)] if number is not None else []
        aged = between and all(c.means.keys() & {"aged", "pronoun", "aux", "free"} for c in between)
        if number is not None and number.quantity and number.quantity.unit is None and aged:
            number.kind, number.days = WHEN, times.at_age(born, round(number.quantity.value))
            for other in between:
                other.used, other.means = True, {"free": ""}


def _birthday(found: list[Chunk], place: int, rows: list[Cited]) -> bool:
    """Read "the day of birth" as the day that the row of the patient gives."""
    born = next((c for c in found[place + 1 : place + 2] if "born" in c.means), None)
    days = [row.start for row in rows if row.type == "patient" and row.start]
    if born is None or not days:
        return False
    found[place].kind, found[place].days, born.used = WHEN, (Days(days[0], days[0]),), True
    return True


def _days_of(found: list[Chunk], place: int, name: Chunk, rows: list[Cited]) -> tuple[Days, ...]:
    bearers = name.name.bearers if name.name else ()
    after = found[found.index(name) : found.index(name) + 4]
    ended = any(c.get("status") == "ended" for c in after)
    for chunk in after:
        chunk.used = chunk.used or "status" in chunk.means or "record" in chunk.means
    days = [rows[n].stop if ended else rows[n].start for n, _ in bearers]
    for chunk in found[place + 1 : found.index(name)]:
        if chunk.kind == WHEN:
            chunk.used, chunk.kind = True, MARK
            days = [day for day in days if day and any(span.holds(day) for span in chunk.days)]
    return tuple(Days(day, day) for day in dict.fromkeys(days) if day)


def times_joined(chunks: list[Chunk], words: Words) -> list[Chunk]:
    """Dates that need another to be read: "March to May 1994", "8th to 22nd", "until the 16th"; and spans of two."""
    near: tuple[Days, ...] = ()
    whens = [chunk for chunk in chunks if chunk.kind == WHEN]
    for this, other in reversed(list(itertools.pairwise(whens))):
        between = chunks[chunks.index(this) + 1 : chunks.index(other)]
        if len(between) == 1 and (
            "-" in between[0].means
            or between[0].get("conj") == "and"
            or between[0].get("prep") in ("to", "until")
            or "," in between[0].means
        ):
            this.days = times.with_year_of(this.days, other.days, before=True)
    _first_days(chunks, words)
    for place, chunk in enumerate(chunks):
        if chunk.kind == WHEN and chunk.days:
            chunk.days = times.with_year_of(chunk.days, near, before=False) if near else chunk.days
            near = chunk.days
        elif chunk.kind == VALUE and near and (length := _distance(chunks, place)):
            size, sign = length[1], -1 if chunks[place + 1].means["ago"] == "earlier" else 1
            chunk.kind, chunk.quantity = WHEN, None
            chunk.days = times.at_distance(near, sign * length[0] * size, size)
            chunks[place + 1].kind, chunks[place + 1].means, chunks[place + 1].used = MARK, {"later": ""}, True
        elif "before" in chunk.means and near and chunk.quantity and chunk.quantity.unit:
            size = chunk.quantity.unit.size
            chunk.kind, chunk.days, chunk.quantity = WHEN, times.at_distance(near, -size, size), None
            chunks[place - 1].used = True
        elif chunk.kind == "ordinal":
            chunk.days = times.day_of_month(int("".join(c for c in words[chunk.start].norm if c.isdigit())), near)
            if chunk.days:
                chunk.kind = WHEN
    return _spans(chunks)


def _first_days(chunks: list[Chunk], words: Words) -> None:
    """The 10 of "10-12 March 2025", and the 8th of "8th to 22nd December"."""
    for day, between, other in zip(chunks, chunks[1:], chunks[2:], strict=False):
        joined = "-" in between.means or between.get("prep") in ("to", "until") or between.get("conj") == "and"
        number = words[day.start].norm.rstrip("stndrh")
        if (
            joined
            and other.kind == WHEN
            and day.kind in (VALUE, "ordinal")
            and number.isdigit()
            and day.end == day.start + 1
        ):
            days = times.day_of_month(int(number), other.days) if other.days[0].first == other.days[0].last else ()
            if days and days[0].first <= other.days[0].first:
                day.kind, day.days = WHEN, days


def _distance(chunks: list[Chunk], place: int) -> tuple[float, float] | None:
    """The number and the size in days of "a week later"."""
    said = chunks[place].quantity
    if said is None or said.unit is None or said.unit.kind != "time" or place + 1 == len(chunks):
        return None
    return (said.value, said.unit.size) if "ago" in chunks[place + 1].means else None


def _spans(chunks: list[Chunk]) -> list[Chunk]:
    found: list[Chunk] = []
    for chunk in chunks:
        joins = len(found) > 1 and chunk.kind == WHEN and found[-2].kind == WHEN
        between = joins and len(found) > 2 and found[-3].means.get("prep") == "between"
        if joins and (
            found[-1].means.get("prep") in ("to", "until")
            or "-" in found[-1].means
            or (between and found[-1].get("conj") == "and")
        ):
            first = found[-2]
            span = Chunk(SPAN, first.start, chunk.end)
            span.first, span.days = first.days, chunk.days
            found[-2:] = [span]
            if len(found) > 1 and found[-2].means.get("prep") in ("from", "between", "in", "on", "for"):
                span.means = {"prep": found[-2].means["prep"]}
                found[-2:] = [span]
        else:
            found.append(chunk)
    return found
