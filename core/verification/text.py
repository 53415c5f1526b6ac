"""Text to tokens. Positions always count characters of the text as written, so that findings can point at it."""

import re
from functools import lru_cache
from typing import Any

from core.verification.tables.units import NOT_IN_SENTENCES, UNITS

WORD, NUMBER, DATE, PAIR, AGE, SHORTHAND, REFERENCE, MARK = range(8)

_SPACES = "\u00a0\u2002\u2003\u2009\u202f\n\t\r\u200b\u200c\u200d\u2060\ufeff\u202a\u202b\u202c\u202d\u202e"
_SAME_LENGTH = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
    | dict.fromkeys("‘’ʼ`", "'")
    | dict.fromkeys("“”", '"')
    | dict.fromkeys("\u00b5\u03bc", "u")
    | dict.fromkeys(_SPACES, " ")
    | {"×": "x", "⁄": "/"}
    | dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True))
)

# "A three-week course" measures as "three weeks" does.
_HYPHENED = re.compile(r"(?<=[a-z0-9])-(?=(?:day|week|month|year|hour|minute)s?\b)")

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)(?![a-z])\.?"
)
_DAY = r"(?:3[01]|[12]\d|0?[1-9])"
_YEAR = r"(?:19|20)\d\d"
_DATES = "|".join(
    (
        _YEAR + r"-\d\d-\d\d(?:[t ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:\s?(?:z|utc|[+-]\d\d:?\d\d)(?!\w))?)?(?!\d)",
        _YEAR + r"/\d\d?/\d\d?(?!\d)",
        _DAY
        + r"(?:st|nd|rd|th)?[\s-]+(?:of\s+)?"
        + _MONTH
        + r"(?:,?[\s-]*(?:"
        + _YEAR
        + r"|'\d\d)(?!\d)|-\d\d(?!\d))?",
        _DAY + r"/" + _DAY + r"/(?:" + _YEAR + r"|\d\d)(?!\d)",
        _DAY + r"[.-]" + _DAY + r"[.-]" + _YEAR + r"(?!\d)",
        r"(?:1[0-2]|0?[1-9])/" + _YEAR + r"(?!\d)",
        r"(?:[01]?\d|2[0-3]):[0-5]\d(?!\d)",
    )
)
_MONTH_FIRST = "|".join(
    (
        _MONTH + r"\s+" + _DAY + r"(?:st|nd|rd|th)?(?![\d.%])(?:,?\s+" + _YEAR + r"(?!\d))?",
        _MONTH + r",?[\s-]+(?:of\s+)?(?:" + _YEAR + r"|'\d\d)(?!\d)",
        _MONTH + r"(?=\s*(?:and|to|-|through|until)\s*" + _MONTH + r"\s*" + _YEAR + r")",
        r"(?:(?<=\bin )|(?<=\bsince )|(?<=\buntil )|(?<=\bfrom ))" + _MONTH + r"(?!\w)",
    )
)
_SPELLINGS = sorted({u for kind in UNITS.values() for u in kind} - NOT_IN_SENTENCES, key=lambda u: (-len(u), u))
_UNIT = "|".join(re.escape(u).replace(r"\ ", r"\s?") for u in _SPELLINGS)
_UNIT += r"|m(?=\s(?:tall|in\sheight|and)|[.,;)])|[cf](?=[\s.,;)]|$)"
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+(?![\d,])(?:\.\d+)?|\d+(?:[.,]\d+)?)"
_AGE = (
    r"\d{1,3}[\s-]?(?:years?|yrs?|y|months?|weeks?|days?)[\s-](?:old|of\s+age)(?!\w)|\d{1,3}\s?(?:y/o|yo)(?!\w)"
    r"|\d{2}[mf](?![\w/])"
)
_AGED = r"(?:aged?|age\s+(?:of|is|was))\s+\d{1,3}(?!\s?(?:%|\d|\.\d|m[gl]))(?:\s+(?:years?|months?|weeks?))?(?!\w)"
# Letters first, then digits: at each place only the forms that can begin there are tried.
_TOKEN = re.compile(
    r"(?=\w)(?<!\w)(?=[^\W\d])(?:"
    rf"(?P<ref>(?:observation|prescription|condition|allergy|visit|note|patient):\d+)|(?P<month>{_MONTH_FIRST})"
    rf"|(?P<aged>{_AGED})|(?P<word>(?:[^\W\d_]\.){{2,}}[^\W\d_]?|a&e|n/a|non-[^\W\d_]+|x(?=\d)|[^\W_]\w*(?:-\d+[^\W\d_]?\b)?(?:'[^\W\d_]+)?))"
    rf"|(?=[\d<>≤≥~±+-])(?:(?:(?<![\w.])|(?<=\bx))(?:(?P<date>(?<!/)(?:{_DATES}))|(?P<age>{_AGE})"
    r"|(?P<short>(?<!/)\d{1,2}/(?:7|52|12)(?![\d/]|\.\d))"
    r"|(?P<pair>(?<!/)\d{1,3}(?:\.\d+)?\s?/\s?\d{1,3}(?:\.\d+)?(?![\d/])(?:\s?(?:mm\s?hg|mm\[hg\]|mg))?(?!\w)))"
    rf"|(?P<number>(?:(?P<more>[<>]=?|[≤≥~±])\s?)?(?P<sign>(?<![\w)\]%])[-+])?(?<![\w.])(?P<digits>{_DIGITS})"
    rf"(?!(?:st|nd|rd|th)\b)(?:[\s-]?(?P<unit>{_UNIT})(?![\w/])|(?![^\W\d_])))"
    r"|(?P<ordinal>\d+(?:st|nd|rd|th)\b|\d+[^\W\d_]\w*))"
    r"|(?P<mark>\S)"
)
_BARE_YEAR = re.compile(_YEAR)
_BARE_DAY = re.compile(rf"({_DAY})(?:st|nd|rd|th)?")
_FULL_DAY = re.compile(rf"({_DAY})(?:st|nd|rd|th)?[\s-]+(?:of\s+)?[a-z]")
_YEAR_FOLLOWS = frozenset(
    [
        "in",
        "since",
        "from",
        "until",
        "during",
        "by",
        "early",
        "late",
        "mid",
        "year",
        "before",
        "after",
        "till",
        "through",
    ]
)
_KINDS = {
    "ref": REFERENCE, "month": DATE, "date": DATE, "aged": AGE, "age": AGE, "short": SHORTHAND, "pair": PAIR,
    "number": NUMBER, "ordinal": WORD, "word": WORD, "mark": MARK,
}  # fmt: skip
_SUFFIXES = sorted(
    [
        "ations",
        "ation",
        "atic",
        "ments",
        "ment",
        "ities",
        "ings",
        "ions",
        "ants",
        "ical",
        "ance",
        "ives",
        "ies",
        "ing",
        "ity",
        "ion",
        "ive",
        "ers",
        "ors",
        "ant",
        "able",
        "ous",
        "ed",
        "es",
        "er",
        "or",
        "ic",
        "al",
        "ia",
        "y",
        "e",
        "s",
        "a",
    ],
    key=lambda suffix: -len(suffix),
)


class Token:
    """One piece of a claim. `norm` is a word in one spelling, `match` a number's details; `done`: accounted for."""

    __slots__ = ("done", "end", "flags", "kind", "match", "norm", "start", "text")

    def __init__(self, kind: int, text: str, start: int, end: int, match: Any = None) -> None:
        self.kind, self.text, self.start, self.end, self.match = kind, text, start, end, match
        self.norm = spell(text) if kind == WORD else text
        self.done = False
        self.flags = 0

    def __repr__(self) -> str:
        return f"<{self.text!r}{'' if self.done else ' ?'}>"


def plain(text: str) -> str:
    """The same text, as long as before, in lower case with one kind of dash, quote, space and micro sign."""
    same = text.translate(_SAME_LENGTH)
    lower = same.lower()
    if len(lower) != len(text):
        lower = "".join(c.lower() if len(c.lower()) == 1 else c for c in same)
    return _HYPHENED.sub(" ", lower) if "-" in lower else lower


def tokens(text: str) -> list[Token]:
    return lex(plain(text))


def lex(text: str) -> list[Token]:
    """The tokens of a text that is plain already."""
    found = [
        Token(_KINDS[match.lastgroup or "mark"], match[0], match.start(), match.end(), match)
        for match in _TOKEN.finditer(text)
    ]
    for i, token in enumerate(found):
        if (
            token.kind == NUMBER
            and len(token.text) == 4
            and _BARE_YEAR.fullmatch(token.text)
            and i
            and _dates(found, i)
        ):
            token.kind = DATE
        if token.kind == DATE and i > 1 and _is_day_of(found[i - 2], found[i - 1], token):
            found[i - 2] = _day_before(found[i - 2], token)
    return found


def _is_day_of(first: Token, between: Token, token: Token) -> bool:
    """Whether `first` is the 1 of "1 to 15 February 2019"."""
    is_day = first.kind in (NUMBER, WORD) and _BARE_DAY.fullmatch(first.text) is not None
    return is_day and between.norm in ("to", "-", "and", "until") and _FULL_DAY.match(token.text) is not None


def _day_before(first: Token, token: Token) -> Token:
    """The whole date that a bare day stands for."""
    day, month = _BARE_DAY.match(first.text), _FULL_DAY.match(token.text)
    text = f"{day[1] if day else ''} {token.text[month.end(1) :].strip() if month else ''}"
    return Token(DATE, text, first.start, first.end)


def _dates(found: list[Token], i: int) -> bool:
    """Whether a number like 2014 stands where a year would: "in 2014", "from 2014 to 2016", "(2014)"."""
    before = found[i - 1].norm
    if before in _YEAR_FOLLOWS:
        return True
    if before in ("to", "-", "and", ",", "or"):
        return i > 1 and found[i - 2].kind == DATE
    return before == "(" and i + 1 < len(found) and found[i + 1].text in ")-,"


@lru_cache(maxsize=20000)
def spell(word: str) -> str:
    """One spelling for British and American English, with possessives, dots and hyphens taken off."""
    if word.endswith("'s"):
        word = word[:-2]
    word = word.replace(".", "").replace("-", "")
    if len(word) > 4:
        word = word.replace("ae", "e").replace("oe", "e").replace("sulph", "sulf")
        if "our" in word and len(word) > 5 and not word.startswith(("four", "hour")):
            word = word.replace("our", "or")
        if "is" in word:
            word = word.replace("isation", "ization").replace("ised", "ized").replace("ising", "izing")
            word = word.replace("yse", "yze") if word.endswith(("yse", "ysed")) else word
        if word.endswith("tre"):
            word = word[:-2] + "er"
    return word


@lru_cache(maxsize=20000)
def stem(norm: str) -> str:
    """A word without its ending: hypertension and hypertensive meet, prednisone and prednisolone do not."""
    if len(norm) < 5:
        return norm[:-1] if len(norm) == 4 and norm[-1] == "s" and norm[-2] != "s" else norm
    for suffix in _SUFFIXES:
        if norm.endswith(suffix) and len(norm) - len(suffix) >= 4:
            return norm[: -len(suffix)]
    return norm
