"""Under what a word stands, after the rules of ConText: a negation, a doubt, a relative, a plan."""

from __future__ import annotations

from core.verification.grammar.phrases import phrases_at
from core.verification.grammar.tokens import Words
from core.verification.vocabulary.spelling import word_set

NEGATED, DOUBTED, OF_RELATIVE, PLANNED = 1, 2, 4, 8
REACH = {NEGATED: 8, DOUBTED: 6, OF_RELATIVE: 24, PLANNED: 12}
_ENDS = frozenset(".;:!?")
_CONTRAST = frozenset({"but", "however", "although", "though", "except", "whereas", "while", "yet"})
_BEHIND = frozenset(
    {"absent", "excluded", "negative", "ruled out", "unlikely", "planned", "scheduled", "suspected", "in his father"}
)
_LINKS = frozenset({"or", "nor", "and"})
_SUBJECTS = frozenset({"he", "she", "they", "a", "an", "the"})
_BE, _NOT_NEGATED = frozenset({"is", "was", "are", "were", "been"}), frozenset({"longer", "more", "only"})
# What a sentence of a note begins with that says what is to be done.
IMPERATIVES = word_set("repeat recheck review refer return avoid rest monitor arrange book continue")
# What is found as it should be: "No fever, chest clear" does not deny it.
_AS_IT_SHOULD_BE = word_set(
    "clear soft intact normal stable well warm fine equal regular moist unremarkable satisfactory comfortable alert"
    " oriented orientated afebrile mobile healthy full strong supple"
)
_RED = {"plan": PLANNED, "certainty": DOUBTED, "cause": 0, "praise": 0}


def flags_of(words: Words) -> list[int]:
    """The flags of each word. A trigger reaches forward to the end of its clause, some also backward."""
    flags = [0] * len(words)
    for i, word in enumerate(words):
        if word.norm == "?" and i + 1 < len(words):
            _spread(words, flags, i + 1, DOUBTED)
        end, flag = _trigger(words, i) if word.kind == "word" else (i + 1, 0)
        if word.norm in IMPERATIVES and (not i or words[i - 1].norm in _ENDS):
            _spread(words, flags, i, PLANNED)
        if flag and not (flag == NEGATED and end < len(words) and words[end].norm in _NOT_NEGATED):
            _spread(words, flags, end, flag)
            if _reaches_back(words, i, flag):
                _back(words, flags, i, flag)
    return flags


def _trigger(words: Words, i: int) -> tuple[int, int]:
    """Where the longest trigger at a word ends, and its flag."""
    return next(((end, _flag(kinds)) for end, kinds, _ in phrases_at(words, i) if _flag(kinds)), (i + 1, 0))


def _reaches_back(words: Words, i: int, flag: int) -> bool:
    """ "Excluded", "was planned", "(mother)"."""
    before = words[i - 1].norm if i else ""
    if flag == OF_RELATIVE:
        return before in ("in", "(") or words[i].norm in _BEHIND
    done = flag == PLANNED and words[i].norm.endswith("ed")  # "Scan booked", as "a scan was booked"
    return words[i].norm in _BEHIND or done or (flag in (PLANNED, DOUBTED) and before in _BE)


def is_sound(words: Words, flags: list[int]) -> bool:
    """Whether each negation reaches something, and none stands under another: a double one is not read."""
    for i, word in enumerate(words):
        phrases = phrases_at(words, i) if word.kind == "word" else ()
        end = next((end for end, kinds, _ in phrases if _flag(kinds) == NEGATED), 0)
        near = (*flags[max(0, i - 8) : i], *flags[end : end + 8])
        if end and (flags[i] & NEGATED or not any(flag & NEGATED for flag in near)):
            return False
    return True


def _flag(kinds: dict[str, str]) -> int:
    if "neg" in kinds:
        return NEGATED
    if "relative" in kinds:
        return OF_RELATIVE
    return _RED.get(kinds.get("red", ""), 0)


def _spread(words: Words, flags: list[int], start: int, flag: int) -> None:
    for i in range(start, min(len(words), start + REACH[flag])):
        if _stops(words[i].norm, flag, first=i == start) or (flag == NEGATED and _is_as_it_should_be(words, i)):
            return
        flags[i] |= flag


def _is_as_it_should_be(words: Words, comma: int) -> bool:
    """Whether a comma is followed by a part of a body and that it is well: "no fever, chest clear"."""
    if words[comma].norm != ",":
        return False
    end = next((i for i in range(comma + 1, len(words)) if words[i].kind == "mark"), len(words))
    return end - comma > 2 and words[end - 1].norm in _AS_IT_SHOULD_BE and words[comma + 1].norm not in _LINKS


def _stops(norm: str, flag: int, *, first: bool) -> bool:
    if norm in _CONTRAST or (norm in _ENDS and not (first and norm == ":")):
        return True
    return (flag == NEGATED and norm == "at" and not first) or (flag == DOUBTED and norm in ",()")


def _back(words: Words, flags: list[int], end: int, flag: int) -> None:
    for i in range(end - 1, max(-1, end - 8), -1):
        if words[i].norm in _ENDS or words[i].norm == "," or words[i].norm in _CONTRAST:
            return
        if flag == PLANNED and words[i].norm == "and" and words[i + 1].norm in _SUBJECTS:
            return  # "The examination was normal and she was advised rest"
        flags[i] |= flag
