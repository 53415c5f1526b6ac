"""What stands behind all that a clause says: "screening not done", "MMR due in May"."""

from __future__ import annotations

from core.verification.grammar import scope
from core.verification.grammar.phrases import phrases_at
from core.verification.grammar.tokens import Token, Words

DONE = frozenset(
    {
        "in",
        "on",
        "at",
        "by",
        "the",
        "yet",
        "done",
        "given",
        "performed",
        "recorded",
        "seen",
        "found",
        "present",
        "taken",
        "made",
    }
)
PLANS = frozenset({"due", "planned", "booked", "scheduled", "pending", "awaited"})


def said_behind(words: Words, first: int, end: int) -> int:
    """The negation or the plan that stands behind all that is said, and is of that: "screening not done", "due"."""
    for i in range(end - 1, first, -1):
        flag = _of_all(words, i)
        if flag or not _is_closing(words[i]):
            return flag
    return 0


def _of_all(words: Words, i: int) -> int:
    if words[i].norm in ("not", "never"):
        return scope.NEGATED
    planned = any(kinds.get("red") == "plan" for _, kinds, _ in phrases_at(words, i))
    return scope.PLANNED if planned and words[i].norm in PLANS else 0


def _is_closing(word: Token) -> bool:
    return word.norm in DONE or word.kind not in ("word", "number")
