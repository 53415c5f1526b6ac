"""What a word stands under: a negation, a doubt, a relative, a plan. The same rules read claims and rows."""

from collections.abc import Sequence

from core.verification import words
from core.verification.text import WORD, Token

NEGATED, DOUBTED, OF_RELATIVE, PLANNED = 1, 2, 4, 8
REACH = 12
DOUBT_REACH = 6

_ENDS = frozenset(".;!?")
_AFTER = frozenset({"negative", "absent", "excluded", "unlikely"})  # say no of what stands before them
_FOUND = frozenset({"detected", "present", "found", "seen", "identified", "reported", "noted", "documented", "observed"})
_TRIGGERS = words.NEGATORS | words.HEDGES | words.RELATIVES | words.PLANS


def mark(tokens: Sequence[Token]) -> None:
    """Set `flags` of every token that stands under something."""
    for i, token in enumerate(tokens):
        if token.kind != WORD or token.norm not in _TRIGGERS:
            continue
        norm = token.norm
        if norm in words.NEGATORS and not token.done:
            _negate(tokens, i)
        if norm in words.HEDGES:
            _doubt(tokens, i)
        if norm in words.PLANS:
            _spread(tokens, i + 1, PLANNED, REACH)
        if norm in words.RELATIVES:
            _relative(tokens, i)


def _doubt(tokens: Sequence[Token], i: int) -> None:
    norm = tokens[i].norm
    following = tokens[i + 1].norm if i + 1 < len(tokens) else ""
    if norm in ("risk", "potential", "screening") and following not in ("of", "for"):
        return
    if norm == "rule" and following != "out":
        return
    if i and tokens[i - 1].norm in ("was", "is", "were", "are", "been"):
        _back(tokens, i, DOUBTED)
    _spread(tokens, i + 1, DOUBTED, DOUBT_REACH)


def _negate(tokens: Sequence[Token], i: int) -> None:
    norm = tokens[i].norm
    following = tokens[i + 1].norm if i + 1 < len(tokens) else ""
    if norm == "no" and following in ("longer", "more"):
        return
    if norm in _AFTER and not (norm == "negative" and following in ("for", "of")):
        _back(tokens, i, NEGATED)
    elif norm in ("not", "wasn't", "isn't", "never") and following in _FOUND:
        _back(tokens, i, NEGATED)
        tokens[i + 1].flags |= NEGATED
    elif norm == "free" and following != "of":
        return
    else:
        _spread(tokens, i + 1, NEGATED, REACH)


def _spread(tokens: Sequence[Token], i: int, flag: int, reach: int) -> None:
    for token in tokens[i : i + reach]:
        if (
            token.text in _ENDS
            or (flag == NEGATED and token.norm in words.NEGATION_ENDS)
            or token.norm in words.CONTRAST
        ):
            return
        if flag == DOUBTED and token.text in ",)":
            return
        token.flags |= flag


def _back(tokens: Sequence[Token], i: int, flag: int) -> None:
    for token in reversed(tokens[max(0, i - REACH) : i]):
        if token.text in _ENDS or token.text == "," or token.norm in words.CONTRAST:
            return
        token.flags |= flag


def _relative(tokens: Sequence[Token], i: int) -> None:
    """What follows a relative is the relative's; what stands before too, in "diabetes in his mother", "(mother)"."""
    before = [token.norm for token in tokens[max(0, i - 2) : i]]
    if tokens[i].norm in ("familial", "wife", "husband", "spouse", "child") and "of" not in before:
        return
    if before[-1:] in (["with"], ["of"]) and tokens[i].norm != "family" and "history" not in before:
        _spread(tokens, i + 1, OF_RELATIVE, 2 * REACH)
        return
    _spread(tokens, i + 1, OF_RELATIVE, 2 * REACH)
    if before[-1:] in (["in"], ["("], ["-"]) or before[:1] in (["in"], ["of"]):
        _back(tokens, i, OF_RELATIVE)
