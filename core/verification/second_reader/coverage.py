"""Which words of a sentence the reader's statements account for, each by a typed field."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from core.verification.grammar.chunk import MARK, NAME, SPAN, UNKNOWN, WHEN, WORD, Chunk
from core.verification.grammar.occasions import PLAIN
from core.verification.grammar.reader import FREE_PREPS, MARKS_THAT_MATTER, NEUTRAL
from core.verification.grammar.times import within
from core.verification.second_reader.meanings import Words, is_answer
from core.verification.second_reader.placed import Placed
from core.verification.second_reader.sentence import Sentence, Span

# What changes what may be done: a reader's words count only where a typed field holds them.
GUARDED = frozenset(
    {
        "value", "when", "span", "pair", "limits", "ordinal", "number", "name", "neg", "red", "qualifier", "frequency",
        "severity", "criticality", "status", "trend", "read", "read of", "side", "only", "relative", "degree", "route",
        "which", "count",
    }
)  # fmt: skip
_TIMES = frozenset({"when", "span", "same day", "day after", "ago", "before", "later", "value", "number", "ordinal",
                    "noun", "aged", "pronoun", "born", "prep"})  # fmt: skip
_NUMBERS = frozenset({"value", "pair", "number", "limits", "limit", "prep", "side", "all", "count", "range"})
_NAMES = frozenset({"name", "noun", "route", "qualifier", "finding", "result", "status", "degree", "severity"})
ACCOUNTS: dict[str, frozenset[str]] = {
    **dict.fromkeys(("when", "start", "end", "from_when", "to_when"), _TIMES),
    **dict.fromkeys(
        ("value", "from_value", "to_value", "by", "over", "low", "high", "length", "dose", "from_dose", "to_dose",
         "count"), _NUMBERS,
    ),
    "age": _NUMBERS | {"aged", "noun"},
    "reading": frozenset({"read", "read of", "status", "neg", "degree", "side", "range", "of range", "all", "trend"}),
    "direction": frozenset({"trend", "neg", "degree", "trend kind", "read", "all"}),
    "status": frozenset({"status", "neg", "past", "start", "stop", "take", "have", "prep", "which", "aux"}),
    "which": frozenset({"which", "number", "value", "ordinal"}),
    "each": frozenset({"all", "neg", "number", "value", "trend kind", "times", "noun", "visit"}),
    "frequency": frozenset({"frequency"}),
    **dict.fromkeys(("route", "detail", "reason", "reaction", "other", "name"), _NAMES),
    "severity": frozenset({"severity", "degree"}), "criticality": frozenset({"criticality"}),
    "sex": frozenset({"sex", "pronoun"}), "born": _TIMES, "order": frozenset({"prep", "which", "ago", "same day"}),
    "negation": frozenset({"neg", "have", "record", "no allergies"}),
}  # fmt: skip
# Verbs and nouns that say no more than what kind of thing is told of.
NO_MORE = frozenset({"start", "stop", "take", "reaction", "took place", "noun", "all"})
POINTERS = frozenset({"those", "these", "prev", "previous", "earlier", "other"})
BINDING = frozenset({"until", "since", "from", "to", "before", "after", "by", "between"})
ORDERED = frozenset({"later", "earlier"})
THEN = frozenset({"at the time", "at that time"})
# Roles whose words may be new to the vocabulary: their meaning is one of a short list.
_BY_MEANING = frozenset({"when", "start", "end", "from_when", "to_when", "born", "reading", "direction", "status",
                         "which", "severity", "order"})  # fmt: skip


def left(sentence: Sentence, placed: Sequence[Placed]) -> tuple[list[Chunk], list[Chunk]]:
    """The chunks that no statement accounts for: those of guarded words, and plain ones."""
    taken = {id(chunk) for one in placed for chunk in _taken(one)}
    borne = {bearer for chunk in sentence.chunks if id(chunk) in taken and chunk.name for bearer in chunk.name.bearers}
    pointing = {id(c) for before, c in pairwise(sentence.chunks) if _points(sentence, before, c)}
    known = taken | pointing
    open_ = [c for c in sentence.chunks if id(c) not in known and _matters(c) and not _is_told(c, borne)]
    spans = [one.span for one in placed]
    guarded = [chunk for chunk in open_ if _is_guarded(chunk) and not _is_of_rows(sentence, chunk, spans)]
    return guarded, [chunk for chunk in open_ if chunk not in guarded]


def are_plain(sentence: Sentence, chunks: Sequence[Chunk]) -> bool:
    """Whether no chunk is a guarded word, a name or a figure."""
    return not any(_is_guarded(chunk) or any(map(str.isdigit, sentence.written(chunk))) for chunk in chunks)


def _is_guarded(chunk: Chunk) -> bool:
    return not GUARDED.isdisjoint(kinds_of(chunk)) or chunk.kind == MARK


def _is_of_rows(sentence: Sentence, chunk: Chunk, spans: Sequence[Span]) -> bool:
    """Whether a chunk only tells apart, counts or dates what the rows hold: the judge sees these.

    "The next two checks", "the day of the fracture", "peanut = angioedema".
    """
    if chunk.kind == MARK:
        first, last = sentence.span_of(chunk)
        return "=" in chunk.means and any(start < first and last < end for start, end in spans)
    if chunk.kind in (WHEN, SPAN):
        of_row = any(within(chunk.days, day) for row in sentence.rows for day in (row.start, row.stop) if day)
        return of_row and not _is_bound(sentence, chunk)
    return _counts_rows(sentence, chunk) or _is_order(sentence, chunk)


def _is_bound(sentence: Sentence, chunk: Chunk) -> bool:
    """Whether the words before a date make it a beginning or an end: "until 7 May 2023"."""
    at = sentence.chunks.index(chunk)
    before = sentence.chunks[max(0, at - 2) : at]
    return any(c.get("prep") in BINDING or not {"start", "stop"}.isdisjoint(c.means) for c in before)


def _counts_rows(sentence: Sentence, chunk: Chunk) -> bool:
    """Whether a word is a number of no more than the cited rows."""
    spelt = chunk.means.get("count") or chunk.means.get("number") or ""
    return spelt.isdigit() and 0 < int(spelt) <= len(sentence.rows) and not (chunk.quantity and chunk.quantity.unit)


def _is_order(sentence: Sentence, chunk: Chunk) -> bool:
    """ "Later", "before", and the "next" of "the next two"; "next" alone is a plan."""
    if chunk.get("which") in ORDERED and chunk.means.keys() <= {"which", "ago", "free"}:
        return True
    behind = next((other for other in sentence.chunks if other.start == chunk.end), None)
    return "seq" in chunk.means and behind is not None and _counts_rows(sentence, behind)


def _points(sentence: Sentence, before: Chunk, chunk: Chunk) -> bool:
    """Whether a chunk only points at what was named: "those two", "the previous one", "at the time"."""
    pointed = sentence.written(before).lower() in POINTERS and "number" in chunk.means
    return pointed or sentence.written(chunk).lower() in THEN


def _is_told(chunk: Chunk, borne: set[tuple[int, int]]) -> bool:
    """Whether a name says no more than others that were read ("BP ... systolic"), or is only the occasion of a test."""
    if chunk.name is None:
        return False
    bearers = set(chunk.name.bearers)
    return bearers <= borne if bearers else chunk.means.get("visit") in PLAIN


def kinds_of(chunk: Chunk) -> set[str]:
    """What kind of chunk it is, and all that it may mean."""
    return {chunk.kind, *chunk.means}


def _taken(one: Placed) -> Iterator[Chunk]:
    if one.kind in ("note", "judgement"):
        yield from one.sentence.chunks_in(one.span)
    if one.about is not None:
        yield from (chunk for chunk in one.about.chunks if _is_of_name(chunk, one))
    if one.kind == "apart":
        yield from (chunk for chunk in one.sentence.chunks_in(one.span) if "apart" in chunk.means)
    if _is_over(one):
        yield from (chunk for chunk in one.sentence.chunks_in(one.span) if "past" in chunk.means)
    for role, words in one.parts:
        yield from (chunk for chunk in words.chunks if _accounts(role, words, chunk))


def _is_over(one: Placed) -> bool:
    """Whether a statement is of a time, or of what is over: then "previously" says no more."""
    return any(
        role in ("when", "end") or (role == "status" and words.meant not in ("", "active")) for role, words in one.parts
    )


def _is_of_name(chunk: Chunk, one: Placed) -> bool:
    """Whether a chunk is a name, or a strength or a word for a kind of thing in one."""
    about = one.about
    if about is not None and not about.accounted.isdisjoint(kinds_of(chunk)):
        return True
    if chunk.kind == NAME or chunk.means.keys() & {
        "noun",
        "read of",
        "of test",
        "pronoun",
        "sex",
        "no allergies",
        "died",
    }:
        return True
    return chunk.quantity is not None and one.kind in ("medicine", "condition", "allergy")


def _accounts(role: str, words: Words, chunk: Chunk) -> bool:
    own = ACCOUNTS.get(role, frozenset())
    if words.unread:
        return False
    if not words.accounted.isdisjoint(kinds_of(chunk)):
        return True
    if chunk.kind == UNKNOWN:
        return role in _BY_MEANING and bool(words.meant)
    if role == "value" and "result" in chunk.means:
        return is_answer(words)
    return not own.isdisjoint(kinds_of(chunk))


def _matters(chunk: Chunk) -> bool:
    """Whether a chunk says something: closed-class words and marks do not."""
    means = chunk.means
    if chunk.kind == MARK:
        return not MARKS_THAT_MATTER.isdisjoint(means)
    if means.get("conj") == "or":
        return True
    if chunk.kind == WORD and ("free" in means or (means and means.keys() <= NO_MORE)):
        return False
    if "prep" in means and means["prep"] not in FREE_PREPS:
        return False
    return chunk.kind != WORD or NEUTRAL.isdisjoint(means)
