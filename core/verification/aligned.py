"""Whether a fact-checker's quotation of a cited text holds all that matters in what code left unproved.

Numbers beside the same words; names, sides, readings and what is negated under the same negation. What the text does
not say so is not borne out, whatever a fact-checker says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from core.verification.claims import Reading, ToldText
from core.verification.evaluators import sayings
from core.verification.grammar import scope, texts, times, tokens
from core.verification.grammar.chunk import Quantity
from core.verification.grammar.phrases import phrases_at
from core.verification.grammar.texts import Said, Term
from core.verification.grammar.tokens import Words
from core.verification.judged import Proved
from core.verification.second_reader.reading import SecondReading
from core.verification.second_reader.sentence import own_negations
from core.verification.statements import Statement
from core.verification.vocabulary import NAME_KINDS

Span = tuple[int, int]
Number = tuple[int, Quantity, int]
COMPARED = frozenset({"than", ">", "<", "vs", "versus", "v", "compared"})
SIDES = frozenset({"qualifier:left", "qualifier:right"})
SHARED_MIN = 2 / 3
NEAR = 4
BINDING = tuple(f"prep:{word}" for word in ("before", "until", "under", "over", "by"))
_MATTERS = tuple(f"{kind}:" for kind in NAME_KINDS | {"trend", "read", "status", "severity"}) + BINDING
_DIGITS = re.compile(r"\d(?:[\s().-]*\d){6,}")


class Clause(NamedTuple):
    """A clause of a sentence; `left` are the places of the words in it that code did not prove.

    `kept` are those that the text must have word by word; `negates` whether a negation is among those left.
    """

    said: Said
    left: frozenset[int]
    kept: frozenset[int]
    negates: bool


def bears_out(quote: str, reading: Reading, second: SecondReading) -> bool:
    """Whether each clause with words that code left unproved stands in a text, by what the quote has of it."""
    words = tokens.tokens(tokens.plain(reading.text))
    left = _left(reading, second, words)
    flags = own_negations(reading.text, words, [s.span for s, _ in second.statements])
    sound = scope.is_sound(words, scope.flags_of(words))
    if not left or not reading.texts or not sound or _is_barred(reading.text, words, left):
        return False
    quoted = [part for piece in re.split(r"\.\.\.|…", quote) for part in texts.sentences(piece)]
    clauses = _clauses(words, flags, left)
    return bool(clauses) and all(any(_in_text(one, text, quoted) for text in reading.texts) for one in clauses)


def _left(reading: Reading, second: SecondReading, words: Words) -> frozenset[int]:
    """The places of words that neither the grammar nor the reader found proved."""
    open_ = _open(reading.statements, reading.uncovered)
    if second.statements:
        other = _open(second.statements, second.uncovered)
        return frozenset(i for i, word in enumerate(words) if _in(word.start, open_) and _in(word.start, other))
    return frozenset(i for i, word in enumerate(words) if _in(word.start, open_))


def _open(statements: Iterable[tuple[Statement, object]], uncovered: Iterable[Span]) -> list[Span]:
    return [*uncovered, *(s.span for s, judged in statements if not isinstance(judged, Proved))]


def _in(place: int, spans: Iterable[Span]) -> bool:
    return any(first <= place < last for first, last in spans)


def _is_barred(text: str, words: Words, left: frozenset[int]) -> bool:
    """Medicines, allergies and long numbers are never borne out by a quotation; nor praise, cause or doubt."""
    kinds = [kinds for i in left for _, kinds, _ in phrases_at(words, i)]
    red = any(kind.get("red") in ("cause", "praise", "certainty") for kind in kinds)
    named = any({"medicine", "brand", "substance"} & kind.keys() or "no allergies" in kind for kind in kinds)
    allergy = any(words[i].norm.startswith(("allerg", "anaphyla", "nkda", "nka", "intoleran")) for i in left)
    compared = any(word.norm in COMPARED for word in words)
    return red or named or allergy or compared or bool(_DIGITS.search(text))


def _clauses(words: Words, flags: list[int], left: frozenset[int]) -> list[Clause]:
    """The clauses that have words left."""
    ends = [i for i, word in enumerate(words) if word.kind == "mark" and word.norm in ".;!?"]
    pieces = zip([0, *(end + 1 for end in ends)], [*ends, len(words)], strict=True)
    parts = [part for first, end in pieces for part in _joined(words, flags, texts.clauses(words, first, end))]
    found = [_clause(words, flags, a, b, left & frozenset(range(a, b))) for a, b in parts]
    return [one for one in found if any(_says(words, i) for i in one.left)]


def _joined(words: Words, flags: list[int], parts: Sequence[Span]) -> list[Span]:
    """Clauses with what only numbers stand in, such as a bracket behind one, taken with the clause before it."""
    found: list[Span] = []
    for first, end in parts:
        told = texts.said(words, flags, first, end)
        bare = found and told.numbers and not told.terms
        found.append((found.pop()[0], end) if bare else (first, end))
    return found


def _clause(words: Words, flags: list[int], first: int, end: int, left: frozenset[int]) -> Clause:
    kept = frozenset(i for i in left if _has(words, i, "relative"))
    return Clause(texts.said(words, flags, first, end), left, kept, any(_has(words, i, "neg") for i in left))


def _has(words: Words, i: int, kind: str) -> bool:
    return any(kind in kinds for _, kinds, _ in phrases_at(words, i))


def _says(words: Words, i: int) -> bool:
    return words[i].kind in ("word", "number", "when")


def _in_text(clause: Clause, text: ToldText, quoted: Sequence[Said]) -> bool:
    """Whether one sentence of a text says a clause, with what matters of it quoted."""
    held = texts.sentences(text.text)
    dated = all(times.within(days, text.day) or any(set(days) & set(d) for part in held for d in part.dates)
                for days in clause.said.dates)  # fmt: skip
    return dated and any(_says_it(_undated(clause, text.day), part, quoted) for part in held)


def _undated(clause: Clause, day: date | None) -> Clause:
    """A clause without the two numbers that are the text's day: "22/11"."""
    places = [at for at, _, _ in clause.said.numbers]
    pairs = zip(clause.said.numbers, clause.said.numbers[1:], strict=False)
    of_day = {
        at for one, two in pairs for at in (one[0], two[0])
        if day and two[0] == one[0] + 2 and (one[1].value, two[1].value) == (day.day, day.month)
    }  # fmt: skip
    return clause._replace(left=clause.left - (of_day & set(places)))


def _says_it(clause: Clause, part: Said, quoted: Sequence[Said]) -> bool:
    if {key for _, term in clause.said.terms for key in term.keys} >= SIDES:
        return False  # which is whose, no order of words tells
    mine = [term for at, term in clause.said.terms if at in clause.left]
    theirs = [term for _, term in (*part.terms, *part.under)]
    found = [term for term in mine if any(_same(term, other) for other in theirs)]
    if any(_is_against(term, theirs) for term in mine) or not _are_enough(clause, mine, found):
        return False
    return _are_shown(found, quoted) and _hold_what_matters(clause, found) and _numbers(clause, part, quoted)


def _are_enough(clause: Clause, mine: Sequence[Term], found: Sequence[Term]) -> bool:
    """Whether a text has most of a clause's words, and its negation with some of them."""
    some = bool(found or clause.said.terms) and len(found) >= SHARED_MIN * len(mine)
    return some and (not clause.negates or any(term.flags & scope.NEGATED for term in found))


def _are_shown(found: Sequence[Term], quoted: Sequence[Said]) -> bool:
    """Whether the quotation has each word that was found."""
    shown = [term for piece in quoted for _, term in piece.terms]
    return all(any(not term.keys.isdisjoint(other.keys) for other in shown) for term in found)


def _hold_what_matters(clause: Clause, found: Sequence[Term]) -> bool:
    needed = [term for at, term in clause.said.terms if at in clause.left and (_matters(term) or at in clause.kept)]
    return all(term in found for term in needed)


def _same(term: Term, other: Term) -> bool:
    return term.flags == other.flags and not term.keys.isdisjoint(other.keys)


def _is_against(term: Term, theirs: Sequence[Term]) -> bool:
    """Whether a text has a word, and under another negation, doubt, relative or plan only."""
    others = [other for other in theirs if not term.keys.isdisjoint(other.keys)]
    return bool(others) and all(other.flags != term.flags for other in others)


def _matters(term: Term) -> bool:
    return bool(term.flags) or any(key.startswith(_MATTERS) for key in term.keys)


def _numbers(clause: Clause, part: Said, quoted: Sequence[Said]) -> bool:
    """Whether the numbers left stand in the text in the same order beside the same words, and in the quote."""
    shown = [number for piece in quoted for _, number, _ in piece.numbers]
    free = iter(part.numbers)
    for at, number, flags in clause.said.numbers:
        if at not in clause.left:
            continue
        taken = next((n for n in free if n[2] == flags and sayings.equal(number, n[1])), None)
        if taken is None or not any(sayings.equal(number, other) for other in shown):
            return False
        beside = _close if _has_rivals(taken, part) else _near
        if not beside(clause.said, at, part, taken[0]):
            return False
    return True


def _has_rivals(number: Number, part: Said) -> bool:
    """Whether the text's sentence has another number of the kind, which this one could be confused with."""
    kinds = [n.unit.kind if n.unit else "" for at, n, _ in part.numbers if at != number[0]]
    return (number[1].unit.kind if number[1].unit else "") in kinds


def _near(mine: Said, here: int, theirs: Said, there: int) -> bool:
    """Whether one word stands near a number in both."""
    return any(_same(a, b) for a in _around(mine, here) for b in _around(theirs, there))


def _around(said: Said, place: int) -> list[Term]:
    return [term for at, term in said.terms if abs(at - place) <= NEAR]


def _close(mine: Said, here: int, theirs: Said, there: int) -> bool:
    """Whether the word right before a number is the same; or one a little before it, and that right behind."""
    before, other = _all_before(mine, here), _all_before(theirs, there)
    if not before or not other:
        return not before and not other and _same_behind(mine, here, theirs, there)
    if _same(before[-1], other[-1]):
        return True
    return any(_same(before[-1], term) for term in other) and _same_behind(mine, here, theirs, there)


def _all_before(said: Said, place: int) -> list[Term]:
    return [term for at, term in said.terms if place - NEAR <= at < place]


def _same_behind(mine: Said, here: int, theirs: Said, there: int) -> bool:
    behind = [next((t for at, t in said.terms if at > place), None) for said, place in ((mine, here), (theirs, there))]
    return bool(behind[0] and behind[1] and _same(behind[0], behind[1]))
