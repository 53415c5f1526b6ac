"""Limits of what is said: "no higher than 79.2 %", "within two months", "at least four"."""

from __future__ import annotations

import re

from core.verification.evaluators.trend_directions import DIRECTIONS
from core.verification.grammar.chunk import Quantity
from core.verification.second_reader.meanings import Words

_MORE, _LESS = "higher|more|greater|longer|later|larger", "lower|less|fewer|shorter|smaller"
_LIMITS = (
    ("<=", rf"(?:no|not|never) (?:{_MORE}) than|never (?:above|over)|at most|up to|(?:a )?maximum of|within|inside"),
    (">=", rf"(?:no|not|never) (?:{_LESS}) than|never (?:below|under)|at least|(?:a )?minimum of"),
    ("<", rf"(?:well )?(?:under|below|(?:{_LESS}) than)"),
    (">", rf"(?:well )?(?:over|above|beyond|(?:{_MORE}) than)"),
)
_SIGNS = tuple((sign, re.compile(rf"(?:in )?(?:{words})\b", re.I)) for sign, words in _LIMITS)
KINDS = frozenset({"neg", "trend", "side", "limit", "prep", "lasting", "status"})


def bounded(words: Words, said: Quantity) -> Quantity:
    """A quantity with the limit that its words begin with, if they do; the words of the limit are read by that."""
    sign = next((sign for sign, limit in _SIGNS if limit.match(words.text)), "")
    if not sign:
        return said
    words.accounted |= KINDS
    return said._replace(sign=sign)


def beyond(words: Words, way: str) -> str:
    """ "More than doubled": a direction that has a factor, and that its words go beyond."""
    factor = f"more than {way}"
    if factor not in DIRECTIONS or not _SIGNS[-1][1].match(words.text):
        return way
    words.accounted |= KINDS
    return factor
