"""Vaccines given, as cited notes tell: "flu jab Sept 2025 and again Sept 2026", "imms 1/3/26: MMR, DTaP, IPV"."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from core.verification import instructions
from core.verification.dates import When
from core.verification.grammar import scope, texts, tokens
from core.verification.grammar.chunk import MARK, NAME, SPAN, WHEN, Chunk, Quantity
from core.verification.grammar.tokens import Words
from core.verification.statements import Subject, Vaccinated
from core.verification.vocabulary import lines
from core.verification.vocabulary.spelling import word_set

if TYPE_CHECKING:
    from core.verification.grammar.reader import Context

NOUNS = texts.VACCINES | {"imm"}
_PASSED = NOUNS | word_set(
    "given giving gave had has received administered and all both each at in on the of for with also again then plus"
    " dose doses a were was , ; : ( ) - & + ."
)
_GIVEN = re.compile(r"\b(?:given|gave|administered|received)\b", re.I)
_VERBS = word_set("given gave administered received")
_LEADING = NOUNS | word_set(
    "the following a an his her their annual yearly seasonal today dose of was were is been , : - ("
)
# Words of notes that tell of no vaccine given that day.
_OTHERWISE = word_set(
    "ago last previous previously history prior already yesterday leaflet information info advice consent letter"
    " reminder refused declined reaction allergic allergy after discussed offered due booked elsewhere mother father"
    " sister brother"
)
# "Preservative free" is of the vaccine.
_FORM = re.compile(r"\b(?:preservative|latex|thiomersal|thimerosal)[ -]free\b", re.I)
_NONE: tuple[int, str, bool] = (0, "", False)


def _norms(text: str) -> tuple[str, ...]:
    return tuple(word.norm for word in tokens.tokens(tokens.plain(text)))


def _spelt() -> dict[tuple[str, ...], tuple[str, bool]]:
    """Each spelling with its vaccine, and whether no illness has that spelling."""
    found: dict[tuple[str, ...], tuple[str, bool]] = {}
    for name, own, shared, _ in lines("vaccines"):
        for spellings, is_own in ((own, True), (shared, False)):
            found.update({_norms(one): (name, is_own) for one in spellings.split("|") if one != "-"})
    return found


_VACCINES = _spelt()
_LONGEST = max(map(len, _VACCINES))
_INSIDE = frozenset("(),-")


def _at(words: Words, i: int, end: int) -> tuple[int, str, bool]:
    """The longest vaccine at a place: where it ends, which it is, and whether only a vaccine is called so."""
    norms: tuple[str, ...] = ()
    best, last = _NONE, i
    while last < end and len(norms) < _LONGEST:
        if words[last].norm not in _INSIDE:
            norms = (*norms, words[last].norm)
            if norms in _VACCINES:
                best = (last + 1, *_VACCINES[norms])
        elif not norms:
            break
        last += 1
    return best


@lru_cache(maxsize=2048)
def given(text: str) -> frozenset[str]:
    """The vaccines that a note says were given; none under a negation, a plan or a doubt, or on another day."""
    found: set[str] = set()
    for line in instructions.removed(text).split("\n"):
        if _GIVEN.search(line):
            found |= _of_line(_FORM.sub(lambda form: " " * len(form[0]), line))
    return frozenset(found)


def _of_line(line: str) -> set[str]:
    """The vaccines behind a verb of giving, or right before one, with nothing of another kind between."""
    words = tokens.tokens(tokens.plain(line))
    if any(word.kind == "when" or word.norm in _OTHERWISE for word in words):
        return set()
    flags = scope.flags_of(words)
    found: set[str] = set()
    for verb in (i for i, word in enumerate(words) if word.norm in _VERBS):
        behind = _beside(words, verb + 1, len(words))
        before = _beside(words, 0, verb, backwards=True)
        found |= {name for place, name in (*behind, *before) if not flags[place]}
    return found


def _beside(words: Words, first: int, end: int, *, backwards: bool = False) -> list[tuple[int, str]]:
    """The vaccines of a stretch of words, if nothing of another kind stands between them and its verb."""
    named = [(i, *_at(words, i, end)) for i in range(first, end)]
    found = [(i, name, last) for i, last, name, _ in named if name]
    if not found:
        return []
    between = words[found[-1][2] : end] if backwards else words[first : found[0][0]]
    return [(i, name) for i, name, _ in found] if all(word.norm in _LEADING for word in between) else []


class _Draft:
    """What is said in a segment of vaccines."""

    def __init__(self) -> None:
        self.vaccines: list[str] = []
        self.whens: list[When] = []
        self.visits: tuple[tuple[int, int], ...] | None = None
        self.number: int | None = None
        self.apart: Quantity | None = None
        self.is_told = False


def read(segment: list[Chunk], context: Context) -> bool:
    """State the vaccines of a segment, if it tells of nothing else: whole or not at all."""
    rows, words = context.rows, context.words
    if not any(row.type == "note" for row in rows):
        return False
    draft, end = _Draft(), segment[-1].end
    starts = {chunk.start: chunk for chunk in segment}
    i = segment[0].start
    while i < end:
        following = _take(draft, words, i, end, starts)
        if following == i:
            return False
        i = following
    if not draft.vaccines or not draft.is_told or (draft.apart is None) != (not _is_apart(words, segment)):
        return False
    for chunk in segment:
        chunk.used = True
    span = context.span(segment)
    context.statements.append(
        Vaccinated(
            span, Subject(context.text[slice(*span)], "vaccine", ()), tuple(dict.fromkeys(draft.vaccines)),
            tuple(draft.whens), draft.number, draft.apart, draft.visits,
        )
    )  # fmt: skip
    return True


def _is_apart(words: Words, segment: list[Chunk]) -> bool:
    return any(word.norm == "apart" for word in words[segment[0].start : segment[-1].end])


def _take(draft: _Draft, words: Words, i: int, end: int, starts: dict[int, Chunk]) -> int:
    """Where what is understood at a place ends; the place itself, if nothing is."""
    last, vaccine, own = _at(words, i, end)
    if vaccine:
        draft.vaccines.append(vaccine)
        draft.is_told = draft.is_told or own
        return last
    draft.is_told = draft.is_told or words[i].norm in NOUNS
    chunk = starts.get(i)
    if chunk is not None and chunk.kind != MARK and _chunk(draft, chunk, words):
        return chunk.end
    return i + 1 if words[i].norm in _PASSED else i


def _chunk(draft: _Draft, chunk: Chunk, words: Words) -> bool:
    """Whether a day, a number, a length apart or a visit was understood."""
    if chunk.kind == WHEN:
        draft.whens.append(chunk.days)
    elif chunk.quantity is not None:
        return _number(draft, chunk)
    elif "apart" in chunk.means:
        return True
    elif chunk.kind == NAME and "visit" in chunk.means and words[chunk.start].norm not in NOUNS:
        draft.visits = chunk.bearers
        return bool(chunk.bearers)
    else:
        return False
    return chunk.kind != SPAN


def _number(draft: _Draft, chunk: Chunk) -> bool:
    said = chunk.quantity
    if said is None or said.sign:
        return False
    if said.unit is not None and said.unit.kind == "time" and draft.apart is None:
        draft.apart = said
        return True
    is_count = said.unit is None and said.value == int(said.value) and not draft.vaccines and draft.number is None
    draft.number = int(said.value) if is_count else draft.number
    return is_count
