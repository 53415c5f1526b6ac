"""Phrases of the vocabulary in a sentence, looked up once a place."""

from __future__ import annotations

from core.verification.grammar.tokens import Words
from core.verification.vocabulary import PHRASES, Phrase

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
    at, cut = i + 1, False
    while at < len(words) and phrase.longer:
        norm = words[at].norm
        at += 1
        if norm in phrase.longer:
            phrase = phrase.longer[norm]
            found += [(at, phrase.kinds, phrase.names)] if _is_whole(phrase, cut=cut) else []
        elif norm not in _INSIDE:
            break
        cut = cut or norm == ","
    return tuple(found[::-1])


def _is_whole(phrase: Phrase, *, cut: bool) -> bool:
    """Whether a phrase means something; past a comma, only if it is a name: "low, normal by May" is no "low normal"."""
    return bool(phrase.kinds and (phrase.names or not cut))


def longest_at(words: Words, i: int) -> tuple[int, dict[str, str]]:
    """The longest phrase at a place; the word alone, with no meaning, where there is none."""
    found = phrases_at(words, i)
    return (found[0][0], found[0][1]) if found else (i + 1, {})
