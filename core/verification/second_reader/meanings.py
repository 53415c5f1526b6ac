"""What copied words mean: as code reads them; only where it can't does the reader's word count, in narrow limits."""

from __future__ import annotations

from collections.abc import Iterable

from core.verification.grammar import chunks, tokens
from core.verification.grammar.chunk import PAIR, UNKNOWN, Chunk, Quantity
from core.verification.grammar.phrases import longest_at
from core.verification.second_reader.sentence import Sentence, Span
from core.verification.vocabulary.spelling import spelled_hours


class Unread(Exception):
    """What is said can't be told from the words; the message says of what."""


READINGS = {
    "high": "high", "low": "low", "normal": "normal", "abnormal": "abnormal", "critical": "critical",
    "critical high": "critical high", "critical low": "critical low", "borderline": "borderline",
    "not high": "not high", "not low": "not low", "not normal": "abnormal", "no range": "without a range",
}  # fmt: skip
STATUSES = {
    "active": "active", "resolved": "ended", "stopped": "ended", "completed": "completed", "not active": "not active",
}  # fmt: skip
UP = frozenset({"up", "doubled", "tripled", "quadrupled"})
DOWN = frozenset({"down", "halved"})
DIRECTIONS = UP | DOWN | {"flat", "same", "better", "worse", "normalised", "recovered", "ranged"}
WHICH = frozenset({"latest", "first", "highest", "lowest", "worst", "later", "earlier", "average"})
# "A shade under par" is a reading; a longer piece that code does not know says more than one thing.
NEW_WORDS_MAX = 2
# What stands between a number and what it is counted in: "27 times a minute".
EACH = frozenset({"a", "an", "per", "each", "every", "/"})


class Words:
    """The chunks of one part, and what the reader takes its words to mean; `unread` if no typed field holds them."""

    def __init__(self, sentence: Sentence, span: Span, means: str) -> None:
        self.sentence, self.span, self.means = sentence, span, means.strip().lower()
        self.chunks = sentence.chunks_in(span)
        self.text = sentence.text[slice(*span)]
        self.accounted: set[str] = set()
        self.unread = False

    def meanings(self, kind: str) -> set[str]:
        """What the vocabulary makes of these words in one respect."""
        return {chunk.means[kind] for chunk in self.chunks if kind in chunk.means}

    def has(self, kinds: Iterable[str]) -> bool:
        return any(kind in chunk.means for chunk in self.chunks for kind in kinds)

    @property
    def meant(self) -> str:
        """What the reader takes the words to mean; nothing where too many are new to the vocabulary."""
        return self.means if sum(chunk.kind == UNKNOWN for chunk in self.chunks) <= NEW_WORDS_MAX else ""

    @property
    def names(self) -> list[Chunk]:
        return [chunk for chunk in self.chunks if chunk.name is not None]


def is_answer(words: Words) -> bool:
    """Whether a result is told in words: "not detected"."""
    return bool(words.names) and not any(chunk.quantity or chunk.pair for chunk in words.chunks)


def quantity(words: Words) -> Quantity:
    """The one quantity that words give. Raises Unread."""
    found = quantities(words)
    if len(found) == 2 and _is_rate(words):
        return found[0]
    if len(found) != 1:
        raise Unread(f"“{words.text}”")
    return found[0]


def _is_rate(words: Words) -> bool:
    """ "27 times a minute": how often, in a time that only says in what it is counted."""
    last = next((chunk for chunk in reversed(words.chunks) if chunk.quantity is not None), None)
    if last is None:
        return False
    unit, before = last.quantity and last.quantity.unit, words.sentence.words[last.start - 1].norm
    return bool(unit and unit.kind == "time" and last.end == last.start + 1 and before in EACH)


def quantities(words: Words) -> list[Quantity]:
    """Each quantity that words give: "500 mg to 1 g" gives two. Raises Unread where there is none."""
    found = [chunk.quantity for chunk in words.chunks if chunk.quantity is not None]
    if not found:
        numbers = [token for token in words.sentence.words if token.kind == "number" and _inside(token, words.span)]
        found = [chunks.quantity_of(token) for token in numbers]
    if not found:
        raise Unread(f"“{words.text}”")
    return found


def _inside(token: tokens.Token, span: Span) -> bool:
    return token.start >= span[0] and token.start < span[1]


def pair(words: Words) -> tuple[Quantity, Quantity] | None:
    """Both values of a blood pressure, if that is what words give."""
    return next((chunk.pair for chunk in words.chunks if chunk.pair and chunk.kind == PAIR), None)


def number(words: Words) -> int:
    """A count, in figures or words. Raises Unread."""
    given = words.meanings("count") | words.meanings("number")
    if not given and not any(chunk.quantity for chunk in words.chunks) and words.means.isdigit():
        return int(words.means)
    return int(float(given.pop())) if len(given) == 1 else round(quantity(words).value)


def reading(words: Words, *, negated: bool) -> tuple[str, str | None]:
    """How results read, and how far: by the vocabulary, else as the reader says. Raises Unread."""
    said = words.meanings("read") | {of.partition("@")[0] for of in words.meanings("read of")}
    meant = READINGS.get(words.meant)
    degree = next(iter(words.meanings("degree")), None)
    _no_judgement(words)
    standing = words.meanings("status")
    if standing - {"active", "ended"}:
        raise Unread(f"“{words.text}”")
    negated = negated or "ended" in standing
    if len(said) > 1:
        raise Unread(f"“{words.text}”")
    if not said:
        kept = _is_by_limit(words, meant)
        if meant is None or (meant.startswith("not ") != (negated and meant != "without a range") and not kept):
            raise Unread(f"“{words.text}”")
        return meant, degree
    own = said.pop()
    own = f"not {own}" if negated and not own.startswith("not ") else own
    if meant and not _same_reading(own, meant):
        raise Unread(f"“{words.text}”")
    return (meant if meant and meant.startswith("critical") else "abnormal" if own == "not normal" else own), degree


def _is_by_limit(words: Words, meant: str | None) -> bool:
    """ "Without leaving the range", "right on the upper limit": what a limit is said of needs no negation."""
    if words.has(("qualifier",)) and not words.text.lower().startswith("right o"):
        return False
    if not words.has(("range", "limit")) or meant not in ("normal", "not high", "not low"):
        return False
    if {"not high": "lower", "not low": "upper"}.get(meant, "no side") in words.text.lower() or words.has(("neg",)):
        return meant == "normal"
    words.accounted |= {"qualifier"}
    return True


def _same_reading(one: str, other: str) -> bool:
    """Whether two readings say the same, or one says it more closely."""
    pair_ = {one, other}
    return one == other or pair_ == {"not normal", "abnormal"} or all(text.startswith("critical") for text in pair_)


def status(words: Words) -> str | None:
    """A standing: active, ended, stopped, completed, not active; None for a former one. Raises Unread."""
    _no_judgement(words)
    said = words.meanings("status")
    meant = STATUSES.get(words.meant)
    negated = words.has(("neg",))
    if words.meant == "past" and "active" not in said:
        return None
    if not said:
        if meant is None or (negated and meant == "active"):
            raise Unread(f"“{words.text}”")
        return meant
    own = said.pop() if len(said) == 1 else meant if "active" not in said else None
    own = f"not {own}" if negated and own else own
    if own is None or (meant and _is_active(own) != _is_active(meant)):
        raise Unread(f"“{words.text}”")
    return {"not ended": "active", "not stopped": "active", "not completed": "active"}.get(own, own)


def _is_active(said: str) -> bool:
    return said in ("active", "not ended", "not stopped", "not completed")


def direction(words: Words) -> str:
    """How a test changed. Raises Unread."""
    _no_judgement(words)
    said, meant = words.meanings("trend"), words.meant
    if meant not in DIRECTIONS:
        if len(said) != 1 or words.has(("neg",)):
            raise Unread(f"“{words.text}”")
        return said.pop()
    against = DOWN if meant in UP else UP if meant in DOWN else frozenset()
    if said & against or (meant in ("flat", "same") and said & (UP | DOWN) and not words.has(("neg",))):
        raise Unread(f"“{words.text}”")
    return next(iter(said)) if said in ({"normalised"}, {"same"}) else meant


def is_unchanged(words: Words) -> bool:
    """Whether words say that nothing changed."""
    said = words.meanings("trend")
    return (
        (words.meant in ("same", "flat") or said <= {"same", "flat"})
        and not said & (UP | DOWN)
        and bool(said or words.meant)
    )


def which(words: Words) -> str:
    """Which of several. Raises Unread."""
    said = words.meanings("which")
    if len(said) == 1:
        return said.pop()
    if words.meant not in WHICH:
        raise Unread(f"“{words.text}”")
    return words.meant


def frequencies(words: Words) -> list[str]:
    """How often, in each way that words say it; all of them must. Raises Unread."""
    read = tokens.tokens(tokens.plain(spelled_hours(words.text)))
    found: list[str] = []
    i = 0
    while i < len(read):
        i, kinds = longest_at(read, i)
        if "frequency" in kinds:
            found.append(kinds["frequency"])
        elif "free" not in kinds and not {"prep", "conj"} & kinds.keys():
            raise Unread(f"“{words.text}”")
    if not found:
        raise Unread(f"“{words.text}”")
    words.accounted |= {"value", "number", "all", "frequency", "prep", "conj"}
    return found


def age(words: Words) -> Quantity:
    """An age in years. Raises Unread for months or days, which rows of people do not tell."""
    said = quantity(words)
    if said.unit is not None and (said.unit.kind, round(said.unit.size)) != ("time", 365):
        raise Unread(f"the age “{words.text}”")
    return said._replace(unit=None)


def one_of(words: Words, kind: str, allowed: frozenset[str] = frozenset()) -> str:
    """A word of one kind: by the vocabulary, else as the reader says where that is allowed. Raises Unread."""
    said = words.meanings(kind)
    if len(said) == 1:
        return said.pop()
    if said or words.means not in allowed:
        raise Unread(f"“{words.text}”")
    return words.means


def _no_judgement(words: Words) -> None:
    """Praise, plans and doubts are no standing and no reading, whatever a reader says."""
    if words.has(("red", "relative")) and not words.has(("status", "read", "trend")):
        raise Unread(f"“{words.text}”")
