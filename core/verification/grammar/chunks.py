"""Tokens to chunks: the longest phrase that has a meaning, a date, a quantity, or a name with the rows that bear it."""

from __future__ import annotations

import re

from core.verification.cited import Cited
from core.verification.grammar import names, pairs, times
from core.verification.grammar.chunk import MARK, NAME, PAIR, UNKNOWN, VALUE, WHEN, WORD, Chunk, Quantity
from core.verification.grammar.phrases import longest_at, phrases_at
from core.verification.grammar.tokens import Token, Words
from core.verification.vocabulary import NAME_KINDS, UNITS

_COMPARED = {"<": "<", "<=": "<=", ">": ">", ">=": ">=", "~": "~", "±": "~"}
LENGTHS = {7.0: "days", 52.0: "weeks", 12.0: "months"}
LASTING = frozenset({"x", "for", "over", "in", "after", "last", "past", "within", "rpt", "repeat", "every", "course"})
THREE = 3
OF_TEST = frozenset({"assay", "of test", "prep", ":"})
CENTILES = frozenset({"centile", "percentile"})
DATING = frozenset({"on", "since", "until", "from", "by", "to", "of", "till"})
_DAY_FIRST, _BEHIND_DAY = re.compile(r"\d+ [a-z]"), frozenset(":-(,=")
_ODD_NUMBER = re.compile(r"^\D*0\d|\d{12}")
_CELSIUS, _METRE = UNITS["°c"], UNITS["metre"]


def read(words: Words, rows: list[Cited]) -> list[Chunk]:
    """The chunks of a sentence, in order, none of them overlapping."""
    found: list[Chunk] = []
    book = names.Book(rows)
    i, count = 0, len(words)
    while i < count:
        chunk = _chunk(words, i, book)
        i = chunk.end
        if chunk.pair is not None:
            _month_of_year(found, chunk, words)
        if chunk.kind == WHEN and _is_value_of(found, chunk, words):
            found += _value_and_month(words, chunk)
        else:
            found.append(chunk)
        if "unit alone" in chunk.means:
            _give_unit(found, words)
    return found


def _give_unit(found: list[Chunk], words: Words) -> None:
    """Give a unit that stands alone to the numbers before it that have none; it says nothing where all have one."""
    alone = found[-1]
    unit = UNITS[words.written[words[alone.start].start : words[alone.end - 1].end].lower()]
    bare = [c for c in found if c.quantity is not None and c.quantity.unit is None and c.quantity.step > 0]
    for chunk in bare:
        chunk.quantity = chunk.quantity._replace(unit=unit) if chunk.quantity else None
    if not bare:
        alone.kind, alone.means = UNKNOWN, {}


def _is_value_of(found: list[Chunk], chunk: Chunk, words: Words) -> bool:
    """ "RR 14 Aug 2025": a number right behind a test, with none behind the month, is its value."""
    if (
        not found
        or {"assay", "→"}.isdisjoint(found[-1].means)
        or _is_led_by_a_day(found)
        or not _DAY_FIRST.match(words[chunk.start].norm)
    ):
        return False
    following = next((word for word in words[chunk.end :] if word.norm not in _BEHIND_DAY), None)
    return following is None or following.kind != "number"


def _is_led_by_a_day(found: list[Chunk]) -> bool:
    """ "3 Nov → 21 Nov", "(4 → 21 Nov)"."""
    if len(found) < 2 or "→" not in found[-1].means:
        return False
    bracketed = len(found) > 2 and "(" in found[-3].means
    return found[-2].kind == WHEN or (bracketed and found[-2].kind == VALUE)


def _month_of_year(found: list[Chunk], chunk: Chunk, words: Words) -> None:
    """ "8/21" is August 2021, unless a test stands before it."""
    if chunk.pair is None or chunk.end - chunk.start != THREE or words[chunk.start + 1].norm != "/":
        return
    month, year = chunk.pair
    of_test = not found or not OF_TEST.isdisjoint(found[-1].means)
    if not of_test and _is_month_of_year(month, year):
        chunk.kind, chunk.pair = WHEN, None
        chunk.days = times.read(f"{month.value:.0f}/{2000 + year.value:.0f}") or times.IMPOSSIBLE


def _is_month_of_year(month: Quantity, year: Quantity) -> bool:
    whole = month.step == year.step == 0.5 and year.unit is None and not month.sign
    return whole and 1 <= month.value <= 12 < year.value < 100


def _value_and_month(words: Words, chunk: Chunk) -> list[Chunk]:
    number, month = words[chunk.start].norm.split(maxsplit=1)
    value, when = Chunk(VALUE, chunk.start, chunk.end), Chunk(WHEN, chunk.start, chunk.end)
    value.quantity = Quantity(float(number), None, 0.5)
    when.days = times.read(month) or times.IMPOSSIBLE
    return [value, when]


def _chunk(words: Words, i: int, book: names.Book) -> Chunk:
    token = words[i]
    if token.kind == "when":
        return _when(token, i)
    told = book.told_at(words, i) if book.told else None
    return _named(words, i, told) if told else _of_kind(words, i, book)


def _of_kind(words: Words, i: int, book: names.Book) -> Chunk:
    token = words[i]
    if token.kind == "number":
        return _number(words, i)
    if token.kind == MARK:
        return _word(words, i) if token.norm == "+" else Chunk(MARK, i, i + 1, {token.norm: ""})
    if token.kind == "ordinal":
        return _ordinal(words, i)
    if names.may_begin(words, i, book):
        named = names.read(words, i, book)
        if named and not ((named.detail or not named.bearers) and longest_at(words, i)[0] > named.end):
            return _named(words, i, named)
    return _word(words, i)


def _ordinal(words: Words, i: int) -> Chunk:
    """The place in an order; a value in "95th centile"."""
    if i + 1 == len(words) or words[i + 1].norm not in CENTILES:
        return Chunk("ordinal", i, i + 1)
    chunk = Chunk(VALUE, i, i + 2)
    chunk.quantity = Quantity(float(words[i].norm.rstrip("stndrh")), UNITS["%"], 0.5)
    return chunk


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
    end, means = _saying_at(words, i)
    if not means:
        return _unit_of_time(words, i) or _unit_alone(words, i) or Chunk(UNKNOWN, i, i + 1)
    if "number" not in means:
        return Chunk(WORD, i, end, means)
    unit = UNITS.get(words[end].norm) if end < len(words) and words[end].kind == "word" else None
    unit = unit if unit and unit.kind == "time" else None
    chunk = Chunk(VALUE, i, end + 1 if unit else end, means)
    chunk.quantity = Quantity(float(means["number"]), unit, 0.0)
    return chunk


def _saying_at(words: Words, i: int) -> tuple[int, dict[str, str]]:
    """The longest phrase; a shorter one, where that is a condition that nothing bears: "raised" of "raised BP"."""
    phrases = phrases_at(words, i)
    if not phrases or "condition" not in phrases[0][1]:
        return longest_at(words, i)
    return next((found[:2] for found in phrases if not NAME_KINDS.issuperset(found[1])), phrases[0][:2])


def _unit_of_time(words: Words, i: int) -> Chunk | None:
    """ "A week", "over the past year", "the previous month": one such time."""
    unit = UNITS.get(words[i].norm)
    if unit is None or unit.kind != "time" or i == 0:
        return None
    before = words[i - 1].norm in ("previous", "preceding")
    if not before and words[i - 1].norm not in ("a", "an", "one") and not _past_time(words, i):
        return None
    chunk = Chunk(VALUE, i, i + 1, {"before": ""} if before else None)
    chunk.quantity = Quantity(1.0, unit, 0.0)
    return chunk


def _unit_alone(words: Words, i: int) -> Chunk | None:
    """ "TC 177, HDL 71 (mg/dL)": the unit of what stands before it without one."""
    if i == 0 or words[i - 1].norm not in ("(", "in", "all"):
        return None
    end = next((n for n in range(i, min(len(words), i + 6)) if words[n].norm in (")", ",", ".", ";")), len(words))
    unit = UNITS.get(words.written[words[i].start : words[end - 1].end].lower())
    return Chunk(WORD, i, end, {"unit alone": "", "free": ""}) if unit and unit.kind != "time" else None


def _past_time(words: Words, i: int) -> bool:
    """ "Over the past year"."""
    before = [word.norm for word in words[max(0, i - 3) : i]]
    if before[-1:] == ["the"] and i + 1 < len(words) and words[i + 1].norm in ("before", "after", "earlier", "later"):
        return True
    if before[-1:] == ["the"] and before[-2:-1] in (["over"], ["during"], ["across"]):
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
    if first.unit is None and (end := pairs.end_of_pair(words, i + 1)):
        return _slashed(words, i, end, first) or _pair(words, i, end, first)
    chunk = Chunk(VALUE, i, i + 1)
    chunk.quantity = first
    if first.unit is None and i + 1 < len(words):
        _with_next(words, i, chunk, first)
    return chunk


def _with_next(words: Words, i: int, chunk: Chunk, first: Quantity) -> None:
    """ "38.4 C", "1.68 m" and "4.2 million"."""
    following = words[i + 1].norm
    if following in ("c", "m") and not _is_age(words, i, first):
        chunk.quantity, chunk.end = first._replace(unit=_CELSIUS if following == "c" else _METRE), i + 2
    elif size := longest_at(words, i + 1)[1].get("multiplier"):
        chunk.end = i + 2
        chunk.quantity = first._replace(value=first.value * float(size), step=first.step * float(size))


def _pair(words: Words, i: int, end: int, first: Quantity) -> Chunk:
    chunk = Chunk(PAIR, i, end)
    chunk.pair = (first, quantity_of(words[end - 1]))
    return chunk


def _slashed(words: Words, i: int, end: int, first: Quantity) -> Chunk | None:
    """ "1/52", "x2/7" and "for 6/12" are lengths of time; "22/7" is a day, of some year."""
    second = quantity_of(words[end - 1])
    if words[i + 1].norm != "/" or not _is_time(first, second):
        return None
    before = words[i - 1].norm if i else ""
    chunk = Chunk(VALUE, i, end)
    if second.value in LENGTHS:
        chunk.quantity = Quantity(first.value, UNITS[LENGTHS[second.value]], 0.0)
        if second.value == 52 or before in LASTING or "ago" in longest_at(words, end)[1]:
            return chunk
    if second.value == 10 and first.value <= 10 and before not in DATING:
        return None
    padded = words[end - 1].norm.startswith("0")
    chunk.kind, chunk.days = WHEN, times.day_and_month(round(first.value), round(second.value), is_padded=padded)
    return chunk if chunk.days else None


def _is_time(first: Quantity, second: Quantity) -> bool:
    """Whether two numbers about a slash may be a day and a month, or a number of days, weeks or months."""
    whole = first.step == second.step == 0.5 and second.unit is None
    return whole and first.value <= 31 and (1 <= second.value <= 12 or second.value == 52)


def _is_age(words: Words, i: int, said: Quantity) -> bool:
    """Whether a number and an "m" are "43M" rather than metres: no one is 43 metres tall."""
    return words[i + 1].norm == "m" and said.step == 0.5 and said.value > 3
