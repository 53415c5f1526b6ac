"""The text of a row, read once: its words and what they stand under, its numbers and dates, by sentence."""

import re
from functools import lru_cache
from typing import NamedTuple

from core.verification import dates, lexicon, scope, units
from core.verification.text import AGE, DATE, NUMBER, PAIR, SHORTHAND, WORD, Token, stem, tokens
from core.verification.words import NUMBER_WORDS

# Longer texts are kept in memory only a few at a time.
LONG_CHARACTERS = 20_000
_HEADING = re.compile(r"^\s*#+\s*(.*)$")
_PLAN = re.compile(r"\s*(?:p|plan)\s*:\s*\S", re.IGNORECASE)
_SHORT = {"7": "days", "52": "weeks", "12": "months"}
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5}


class TextNumber(NamedTuple):
    """`place` is its index among the sentence's words, to tell what it stands next to."""

    value: float
    unit: units.Unit | None
    place: int
    written: str


class Sentence(NamedTuple):
    """`words` maps a stem or meaning to the set of flags it occurs under, as bits (1 << flags)."""

    words: dict[str, int]
    places: dict[str, tuple[int, ...]]
    numbers: tuple[TextNumber, ...]
    days: tuple[dates.Days, ...]
    written: str


def read(text: str) -> tuple[Sentence, ...]:
    """The sentences of a row's text. Lines under a heading "Family history" are about relatives."""
    return _read(text) if len(text) < LONG_CHARACTERS else _read_long(text)


def _parse(text: str) -> tuple[Sentence, ...]:
    sentences, inherited = [], 0
    for line in text.split("\n"):
        heading = _HEADING.match(line)
        if heading:
            inherited = scope.OF_RELATIVE if "family" in heading[1].lower() else 0
        planned = scope.PLANNED if _PLAN.match(line) else 0
        if line.strip():
            sentences += [_sentence(part, line, inherited | planned) for part in _parts(tokens(line))]
    return tuple(sentences)


_read = lru_cache(maxsize=8192)(_parse)
_read_long = lru_cache(maxsize=16)(_parse)


def _parts(found: list[Token]) -> list[list[Token]]:
    parts: list[list[Token]] = [[]]
    for token in found:
        parts[-1].append(token)
        if token.text in (".", ";", "!"):
            parts.append([])
    return [part for part in parts if part]


def _sentence(found: list[Token], line: str, inherited: int) -> Sentence:
    scope.mark(found)
    seen: dict[str, int] = {}
    places: dict[str, list[int]] = {}

    def add(term: str, place: int, flags: int) -> None:
        seen[term] = seen.get(term, 0) | 1 << flags
        places.setdefault(term, []).append(place)

    for place, token in enumerate(found):
        if token.kind == WORD:
            add(stem(token.norm), place, token.flags | inherited)
    for first, _, meaning in lexicon.phrases_in(found):
        add(meaning, first, found[first].flags | inherited)
    return Sentence(
        seen,
        {term: tuple(at) for term, at in places.items()},
        tuple(number for place, token in enumerate(found) for number in _numbers(token, place)),
        tuple(days for token in found if token.kind == DATE for days in dates.written(token.text)),
        line[found[0].start : found[-1].end].strip(),
    )


def _numbers(token: Token, place: int) -> list[TextNumber]:
    if token.kind == NUMBER:
        unit = units.parse(token.match["unit"])
        return [TextNumber(value_of(token), unit, place, token.text)]
    if token.kind == AGE:
        return [TextNumber(float(re.findall(r"\d+", token.text)[0]), None, place, token.text)]
    if token.kind == SHORTHAND:
        count, per = token.text.split("/")
        return [TextNumber(float(count), units.parse(_SHORT[per]), place, token.text)]
    if token.kind == PAIR:
        return [TextNumber(float(n), None, place, token.text) for n in re.findall(r"\d+(?:\.\d+)?", token.text)]
    if token.kind == WORD and (token.norm in NUMBER_WORDS or token.norm in _ROMAN):
        return [TextNumber(float(NUMBER_WORDS.get(token.norm) or _ROMAN.get(token.norm, 0)), None, place, token.text)]
    return []


def value_of(token: Token) -> float:
    """The number a token writes: 1,234 and 8,9 and -0.3."""
    digits: str = token.match["digits"]
    if "," in digits:
        digits = (
            digits.replace(",", "") if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", digits) else digits.replace(",", ".")
        )
    return float(digits) * (-1 if token.match["sign"] == "-" else 1)
