"""Letters that tell types of one thing apart, where they are small words elsewhere: "influenza A", "bipolar I"."""

from __future__ import annotations

from core.verification.grammar.phrases import phrases_at
from core.verification.grammar.tokens import Words

LETTERS = frozenset({"a", "i"})
# What a person who writes of themselves goes on with: "I have", "I started".
_VERBS = frozenset({"aux", "have", "take", "record", "start", "stop"})


def in_name(words: Words) -> set[str]:
    """The terms that such letters add to a row's name; a name may begin with an article."""
    letters = [i for i, word in enumerate(words) if word.norm in LETTERS and _is_capital(words, i)]
    begins = len(words) > 1 and words.written[words[1].start : words[1].end].islower()
    return {_term(words, i) for i in letters if i or not begins}


def at(words: Words, i: int) -> str | None:
    """The term of the letter at a place behind a word, if it tells a type there; None for an article or a person."""
    if not 0 < i < len(words) or words[i].norm not in LETTERS or words[i - 1].end + 1 != words[i].start:
        return None
    following = words[i + 1] if i + 1 < len(words) else None
    kinds = {kind for _, found, _ in phrases_at(words, i + 1) for kind in found} if following else set()
    if words[i].norm == "a" and _is_capital(words, i) and not words.written.isupper():
        return _term(words, i)
    if words[i].norm == "i" and _is_capital(words, i) and _VERBS.isdisjoint(kinds):
        return _term(words, i)
    is_last = following is None or following.kind in ("mark", "when") or "result" in kinds
    return _term(words, i) if is_last else None


def _term(words: Words, i: int) -> str:
    return f"type:{words[i].norm}"


def _is_capital(words: Words, i: int) -> bool:
    return words.written[words[i].start : words[i].end].isupper()
