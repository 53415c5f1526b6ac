"""Text to tokens, in one pass of one regular expression. Positions count characters of the text as written."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from core.verification.vocabulary import UNITS, Unit
from core.verification.vocabulary.spelling import spell, word_set

_SPACES = "\u00a0\u2002\u2003\u2009\u202f\n\t\r"
_SAME_LENGTH = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
    | dict.fromkeys("‘’ʼ`", "'")
    | dict.fromkeys("“”", '"')
    | dict.fromkeys("\u00b5\u03bc", "u")
    | dict.fromkeys(_SPACES, " ")
    | {"×": "x", "⁄": "/", "⇒": "→", "➔": "→", "➜": "→"}
    | dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True))
)
# A full stop belongs to a short name that a number follows ("Aug. 2026"); elsewhere a sentence ends there.
_MONTH = (
    r"(?:(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)(?![^\W\d_])(?:(?:(?<=sept)|(?<![a-z]{4})(?<!may))\.(?=[\s,-]*['\d]))?)"
)
_DAY = r"(?:3[01]|[12]\d|0?[1-9])"
_YEAR = r"(?:19|20)\d\d"
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b,?\s+)?"
_WEEKDAY_OF_DAY = (
    rf"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,?\s+(?={_DAY}/(?:1[0-2]|0?[1-9])(?![\d/]))"
)
_PART = r"(?:(?:early|mid|late|(?:the )?(?:end|start|beginning)(?: of)?)[\s-]+)?"
_DATES = "|".join(
    (
        _YEAR + r"-\d\d-\d\d(?:[t ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:\s?(?:z|utc|[+-]\d\d:?\d\d)(?!\w))?)?(?!\d)",
        _YEAR + r"/\d\d?/\d\d?(?!\d)",
        _DAY
        + r"(?:st|nd|rd|th)?[\s-]*(?:of\s+)?"
        + _MONTH
        + r"(?:,?[\s-]*(?:"
        + _YEAR
        + r"|'\d\d)(?!\d)|[- ]\d\d(?![\d/]|\.\d))?",
        _DAY + r"/" + _DAY + r"/(?:" + _YEAR + r"|\d\d)(?!\d)",
        _DAY + r"[.-]" + _DAY + r"[.-]" + _YEAR + r"(?!\d)",
        _DAY + r"\.(?:1[0-2]|0?[1-9])\.\d\d(?!\d|\.\d)",
        r"0[1-9]/\d\d(?![\d/])",
        r"(?:1[0-2]|0?[1-9])/" + _YEAR + r"(?!\d)",
        _YEAR + r"\s?[-/]\s?\d\d(?!\d)",
        r"'\d\d(?![\d'])",
        _YEAR + r"(?![\d.,]\d)(?!\d)(?!\s?(?:mg|g|ml|mmol|u|days|hours|pg|ng|mcg|kcal)\b)s?",
    )
)
_BEFORE_MAY = ("in", "since", "from", "until", "by", "to", "every", "of", "last")
_MONTH_FIRST = "|".join(
    (
        _MONTH
        + r"\s+"
        + _DAY
        + r"(?:st|nd|rd|th)?(?!\d|[.%/]\d|\s?%)(?:,?\s+"
        + _YEAR
        + r"(?!\d))?(?!\s?(?:mg|ml|mcg|mmol|m|micrograms?|milligrams?)\b)",
        _MONTH + r",?[\s-]+(?:of\s+)?(?:" + _YEAR + r"|'\d\d)(?!\d)",
        _MONTH + r"[\s-]+(?:3[2-9]|[4-9]\d)(?![\d/%]|\.\d|\s?(?:mg|g|kg|ml|mcg|mmol|umol|bpm|u|fl|pg)\b)",
        r"(?!may\b)" + _MONTH + r"|(?:" + "|".join(rf"(?<=\b{word} )" for word in _BEFORE_MAY) + r")may\b",
    )
)
_SEASON = rf"(?:spring|summer|autumn|winter)\s+(?:of\s+)?{_YEAR}(?!\d)"
_NUMBER = r"(?:\d{1,3}(?:,\d{3})+(?![\d,])(?:\.\d+)?|\d+(?:\.\d+)?)"
# Before each of the two long kinds of date stand the letters that one can begin with: most words are no date.
_TOKEN = re.compile(
    r"(?:"
    rf"(?=[adefjlmnostw])(?<![a-z\d])(?P<whenword>{_WEEKDAY}{_PART}(?:{_MONTH_FIRST}|{_SEASON}))"
    rf"|(?=['\dmtwfsel])(?P<when>(?:(?<![\w./])|(?<=[12]\d\d\d/))(?:{_WEEKDAY_OF_DAY}{_DAY}/\d\d?|{_WEEKDAY}{_PART}(?:{_DATES})))(?![a-z\d])"
    r"|(?P<word>(?:(?<=\W)|^)a&e\b|w/o\b|w/(?=\s?[a-z])|non-[^\W\d_]+|[^\W\d_][^\W_]*(?:'[^\W\d_]+)?\+?)"
    r"|(?P<clock>\d{1,2}(?:[:.]\d\d)?\s?[ap]m\b)"
    rf"|(?<![\d.])(?P<number>(?:[<>]=?\s?|[~±]\s?|(?:(?<=\s)|^)-(?=\d))?{_NUMBER})(?P<ordinal>st|nd|rd|th)?"
    r"|(?P<mark>\S))"
)
# "2. Obesity": the number of a line in a list.
_ITEM = re.compile(r"\s*\(?\d{1,2}[.)]\s+(?=[a-z])")
# The next word, or whatever stands where none does, past spaces.
_NEXT = re.compile(r"\s*(?:(a&e\b|w/o\b|w/(?=\s?[a-z])|non-[^\W\d_]+|[^\W\d_][^\W_]*(?:'[^\W\d_]+)?\+?)|\S)")
_SLASHED = {"w/o": "without", "w/": "with"}
_LETTERS = re.compile(r"[a-z]*")
# The words that a date may begin with; any other word is no date.
_OF_WHEN = word_set(
    "jan january feb february mar march apr april may jun june jul july aug august sep sept september oct october nov"
    " november dec december mon monday tue tues tuesday wed wednesday thu thur thurs thursday fri friday sat saturday"
    " sun sunday early mid late the end start beginning spring summer autumn winter"
)
_PARTS = (" end", " sta", " beg")
_OF_NUMBER = frozenset("<>~±-'0123456789")
_UNIT = re.compile(r"[\s-]?[a-z%°/0-9*^.\[\]{}_()#]{1,24}(?:[ ][a-z0-9./^*]{1,12}){0,4}")
_SHORTER = re.compile(r".+(?=[ /.()\]])", re.DOTALL)


class Token(NamedTuple):
    """`kind` is when, word, number, ordinal or mark; `norm` a word in one spelling."""

    kind: str
    norm: str
    start: int
    end: int
    unit: Unit | None = None


class Words(list[Token]):
    """The tokens of a text; `phrases` and `is_of_vaccines` keep what has been looked up."""

    def __init__(self) -> None:
        self.written = ""
        self.is_of_vaccines: bool | None = None
        self.phrases: dict[int, tuple[tuple[int, dict[str, str], dict[str, str]], ...]] = {}


# "3.2 > 5.1 > 6.8" is a course of values; "> 5" alone is a bound.
_RISES = {"↑": "up", "↗": "up", "⬆": "up", "↓": "down", "↘": "down", "⬇": "down"}
_ARROW = re.compile(r"[-=]{1,2}>|(?<=[\d)]\s)>(?=\s\d)")


# "+ve" and "-ve" are words; each is as long as the word that it stands for.
_SIGNED = re.compile(r"(?<![^\s(,;:/])[+-]ve\b", re.IGNORECASE)


def plain(text: str) -> str:
    """The same text, as long as before, in lower case with one kind of dash, quote and space."""
    same = text.translate(_SAME_LENGTH)
    same = _ARROW.sub(lambda found: "→".ljust(len(found[0])), same) if ">" in same else same
    same = _SIGNED.sub(lambda found: "pos" if found[0][0] == "+" else "neg", same)
    lower = same.lower()
    return lower if len(lower) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in same)


_AFTER_LETTER = re.compile(r"(?<=[a-z])(?<!\bnon)-(?=[a-z\d])|(?<=\d)-(?=[a-z])")


def tokens(text: str) -> Words:
    """The tokens of a plain text."""
    text = _AFTER_LETTER.sub(" ", text) if "-" in text else text
    found = Words()
    item = _ITEM.match(text)
    following = _NEXT.match(text, item.end() if item else 0)
    while following is not None:
        word, end = following[1], following.end()
        if word is None:
            end = _other(text, end - 1, found)
        else:
            norm, dated = _word(word)
            start = end - len(word)
            if dated and (norm != "the" or text.startswith(_PARTS, end)):
                end = _token(text, start, found)
            else:
                found.append(Token("word", norm, start, end))
        following = _NEXT.match(text, end)
    return found


@lru_cache(maxsize=20000)
def _word(written: str) -> tuple[str, bool]:
    """A word in one spelling, and whether a date may begin with it."""
    letters = _LETTERS.match(written)
    dated = letters is not None and letters[0] in _OF_WHEN
    return _SLASHED.get(written) or spell(written), dated


def _other(text: str, place: int, found: Words) -> int:
    """Add the number, the date or the mark at a place; where it ends."""
    char = text[place]
    if char in _OF_NUMBER:
        return _token(text, place, found)
    rises = _RISES.get(char)
    found.append(Token("word" if rises else "mark", rises or char, place, place + 1))
    return place + 1


def _token(text: str, place: int, found: Words) -> int:
    """Add the token that begins at a place; where it ends."""
    got = _TOKEN.match(text, place)
    if got is None:
        return place + 1
    kind, end = got.lastgroup or "mark", got.end()
    if kind in ("word", "clock"):
        found.append(Token("word", spell(got[0].replace(" ", "")), place, end))
    elif kind == "number":
        unit, end = _unit(text, end)
        found.append(Token("number", got[0], place, end, unit))
    else:
        found.append(Token("when" if kind == "whenword" else kind, got[0], place, end))
    return end


def _unit(text: str, place: int) -> tuple[Unit | None, int]:
    """The longest unit that is written at a place, and where it ends."""
    got = _UNIT.match(text, place)
    if got is None:
        return None, place
    written = got[0]
    while written:
        bare = written.lstrip(" -")
        unit = UNITS.get(bare)
        after = text[place + len(written) : place + len(written) + 1]
        hours = written == " h"  # "Hb 16.1 H" is no length of time
        if unit and not hours and not (after.isalnum() and bare[-1:].isalnum()):
            return unit, place + len(written)
        shorter = _SHORTER.match(written)
        written = shorter[0] if shorter else ""
    return None, place
