"""Words of notes in short and in full: one class each, from a data file."""

from __future__ import annotations

from core.verification.grammar import tokens
from core.verification.grammar.tokens import Words
from core.verification.vocabulary import lines

_LONGEST = 6


def _norms(text: str) -> tuple[str, ...]:
    return tuple(word.norm for word in tokens.tokens(tokens.plain(text)))


_CLASSES = {
    _norms(spelling): f"short:{name}" for name, spellings, _ in lines("shorthand") for spelling in spellings.split("|")
}
_BEGIN = frozenset(spelling[0] for spelling in _CLASSES)


def read(words: Words, i: int, end: int) -> tuple[int, str] | None:
    """The longest short form or its full words at a place: where it ends, and its class."""
    if words[i].norm not in _BEGIN:
        return None
    norms = tuple(word.norm for word in words[i : min(end, i + _LONGEST)])
    lengths = range(len(norms), 0, -1)
    return next(((i + n, _CLASSES[norms[:n]]) for n in lengths if norms[:n] in _CLASSES), None)
