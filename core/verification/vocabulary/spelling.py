"""One spelling and one stem for the many forms of a word."""

from __future__ import annotations

import re
from functools import lru_cache

import snowballstemmer

_STEMMER = snowballstemmer.stemmer("english")
_SPELT = re.compile(r"a&e|[^\W\d_][^\W_]*(?:'[^\W\d_]+)?\+?|\d+(?:\.\d+)?|[%+&]")


def word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


@lru_cache(maxsize=20000)
def spell(word: str) -> str:
    """A lower-case word in one spelling for British and American English, without its possessive."""
    if word.endswith("'s"):
        word = word[:-2]
    if len(word) > 4:
        word = word.replace("-", "")
        word = word.replace("ae", "e").replace("oe", "e").replace("sulph", "sulf")
        if "our" in word and len(word) > 5 and not word.startswith(("four", "hour", "your")):
            word = word.replace("our", "or")
        if "is" in word:
            word = word.replace("isation", "ization").replace("ised", "ized").replace("ising", "izing")
        if word.endswith("tre"):
            word = word[:-2] + "er"
    return word


_EVERY = re.compile(r"\bevery (4|6|8|12)(?= hours?\b)", re.IGNORECASE)
_SPELLED = {"4": "four", "6": "six", "8": "eight", "12": "twelve"}


def spelled_hours(text: str) -> str:
    """The text with "every 6 hours" as "every six hours": a number before a unit would be a length of time."""
    return _EVERY.sub(lambda found: f"every {_SPELLED[found[1]]}", text)


@lru_cache(maxsize=20000)
def stem(norm: str) -> str:
    stemmed: str = _STEMMER.stemWord(norm)
    return stemmed


def is_one_slip(word: str, other: str) -> bool:
    """Whether two words differ by one letter: another one, one more, one less, or two that changed places."""
    if abs(len(word) - len(other)) > 1 or word[0] != other[0]:
        return False
    at = next((n for n, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), min(len(word), len(other)))
    mine, theirs = word[at:], other[at:]
    swapped = mine[1::-1] + mine[2:] == theirs if len(mine) > 1 else False
    return swapped or mine[1:] == theirs[1:] or mine[1:] == theirs or mine == theirs[1:]


def beginning(norm: str) -> str:
    """The letters that a word of three or more has in common with its stem."""
    return norm[:3].replace("y", "i")


def norms_of(phrase: str) -> tuple[str, ...]:
    """The words of a phrase as the lexer would give them."""
    return tuple(spell(word) for word in _SPELT.findall(phrase.lower()))


# Forms of a word that its stem does not join.
LEMMAS = {
    "mum": "mother",
    "mom": "mother",
    "dad": "father",
    "kids": "children",
    "felt": "feel",
    "given": "give",
    "gave": "give",
    "received": "give",
    "receive": "give",
    "administered": "give",
    "took": "take",
    "began": "begin",
    "broke": "break",
    "slept": "sleep",
    "ate": "eat",
    "drank": "drink",
    "went": "go",
    "told": "tell",
    "kept": "keep",
    "lost": "lose",
    "fell": "fall",
    "worse": "bad",
    "bled": "bleed",
    "wrote": "write",
    "saw": "see",
    "spoke": "speak",
    "thought": "think",
    "woke": "wake",
}
