"""Phrases of the vocabulary in a sentence, looked up once a place."""

from __future__ import annotations

from core.verification.grammar.tokens import Words
from core.verification.vocabulary import ALONE, LONGER

Found = tuple[tuple[int, dict[str, str], dict[str, str]], ...]
NOTHING: Found = ()
_INSIDE = frozenset("/[](),.")


def phrases_at(words: Words, i: int) -> Found:
    """Every phrase that begins at a place, the longest first: where it ends, what it means, and names of what it is."""
    found = words.phrases.get(i)
    if found is None:
        found = words.phrases[i] = _find(words, i)
    return found


def _find(words: Words, i: int) -> Found:
    norm = words[i].norm
    alone = ALONE.get(norm)
    longer = LONGER.get(norm)
    if longer is None:
        return ((i + 1, alone.kinds, alone.names),) if alone else NOTHING
    found = [(i + 1, alone.kinds, alone.names)] if alone else []
    at = i + 1
    while at < len(words) and words[at].norm in _INSIDE:
        at += 1
    for phrase in reversed(longer.get(words[at].norm, ())) if at < len(words) else ():
        end = _end(words, i + 1, phrase.rest)
        if end:
            found.insert(0, (end, phrase.kinds, phrase.names))
    return tuple(found)


def longest_at(words: Words, i: int) -> tuple[int, dict[str, str]]:
    """The longest phrase at a place; the word alone, with no meaning, where there is none."""
    found = phrases_at(words, i)
    return (found[0][0], found[0][1]) if found else (i + 1, {})


def _end(words: Words, at: int, rest: tuple[str, ...]) -> int:
    """Where the rest of a phrase ends, or 0; brackets, commas and slashes inside it do not matter."""
    count = len(words)
    for word in rest:
        while at < count and words[at].norm != word and words[at].norm in _INSIDE:
            at += 1
        if at >= count or words[at].norm != word:
            return 0
        at += 1
    return at
