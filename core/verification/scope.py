"""What a word stands under: a negation, a doubt, a relative, a plan. The same rules read claims and rows."""

from collections.abc import Sequence

from core.verification import words
from core.verification.text import WORD, Token

NEGATED, DOUBTED, OF_RELATIVE, PLANNED = 1, 2, 4, 8
REACH = 12
DOUBT_REACH = 6

_ENDS = frozenset(".;!?")
_AFTER = frozenset({"negative", "absent", "excluded", "unlikely"})  # say no of what stands before them
_FOUND = frozenset(
    {"detected", "present", "found", "seen", "identified", "reported", "noted", "documented", "observed"}
)
_PLANNED = frozenset({"planned", "scheduled", "pending", "advised", "recommended", "considered", "offered"})
_SAID_OF = frozenset(
    {"who", "has", "had", "have", "with", "was", "is", "died", "suffers", "diagnosed", ",", ":", "(", "-", "also"}
)
_TRIGGERS = words.NEGATORS | words.HEDGES | words.RELATIVES | words.PLANS


def mark(tokens: Sequence[Token]) -> None:
    """Set `flags` of every token that stands under something."""
    for i, token in enumerate(tokens):
        if token.text == "?" and i + 1 < len(tokens) and tokens[i + 1].start == token.end:
            _spread(tokens, i + 1, DOUBTED, DOUBT_REACH)
        if token.kind != WORD or token.norm not in _TRIGGERS:
            continue
        norm = token.norm
        if norm in words.NEGATORS and not token.done:
            _negate(tokens, i)
        if norm in words.HEDGES:
            _doubt(tokens, i)
        # A visit that is called a review plans none.
        if norm in words.PLANS and not token.done:
            _plan(tokens, i)
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


def _plan(tokens: Sequence[Token], i: int) -> None:
    following = tokens[i + 1].text if i + 1 < len(tokens) else "."
    if tokens[i].norm in _PLANNED and (
        following in _ENDS or tokens[i - 1].norm in ("was", "is", "were", "are", "been")
    ):
        _back(tokens, i, PLANNED)
    _spread(tokens, i + 1, PLANNED, REACH)


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
    """What is said of a relative: after "mother had", before "in his mother"; not "lives with his wife"."""
    before = [token.norm for token in tokens[max(0, i - 2) : i]]
    following = [token.norm for token in tokens[i + 1 : i + 3]]
    norm = tokens[i].norm
    if norm == "family" and following[:1] not in (["history"], ["hx"]) and before[-2:] != ["in", "the"]:
        return
    opens = (
        i <= 2
        or tokens[i - 1].text in ":;.("
        or tokens[i - 1].norm in ("her", "his", "the", "patient", "patient's", "and")
    )
    lives_with = "with" in before
    if (opens and not lives_with) or norm in ("family", "fhx", "fh") or (following[:1] and following[0] in _SAID_OF):
        _spread(tokens, i + 1, OF_RELATIVE, 2 * REACH)
    if before[-1:] in (["in"], ["("], ["-"]) or before[:1] in (["in"], ["of"]):
        _back(tokens, i, OF_RELATIVE)
