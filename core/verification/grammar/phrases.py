"""Phrases of the vocabulary in a sentence, looked up once a place."""

from __future__ import annotations

from core.verification.grammar.tokens import Words
from core.verification.vocabulary import PHRASES

Found = tuple[tuple[int, dict[str, str], dict[str, str]], ...]
NOTHING: Found = ()
_INSIDE = frozenset("/[](),.")


def phrases_at(words: Words, i: int) -> Found:
    """Every phrase that begins at a place, the longest first: where it ends, what it means, and names of what it is.

    None at the end.
    """
    found = words.phrases.get(i)
    if found is None:
        found = words.phrases[i] = _find(words, i)
    return found


def _find(words: Words, i: int) -> Found:
    """Follow the words as far as phrases go on; brackets, commas and slashes inside a name do not matter."""
    phrase = PHRASES.get(words[i].norm) if i < len(words) else None
    if phrase is None:
        return NOTHING
    found = [(i + 1, phrase.kinds, phrase.names)] if phrase.kinds else []
    longer, cut = phrase.longer, False
    for at in range(i + 1, len(words)) if longer else ():
        norm = words[at].norm
        if norm in longer:
            phrase = longer[norm]
            longer = phrase.longer
            if phrase.kinds and (phrase.names or not cut):  # "low, normal by May" is no "low normal"
                found.append((at + 1, phrase.kinds, phrase.names))
        elif norm not in _INSIDE:
            break
        cut = cut or norm == ","
    return tuple(found[::-1])


def longest_at(words: Words, i: int) -> tuple[int, dict[str, str]]:
    """The longest phrase at a place; the word alone, with no meaning, where there is none."""
    found = phrases_at(words, i)
    return (found[0][0], found[0][1]) if found else (i + 1, {})
