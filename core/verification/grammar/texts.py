"""Free text as terms in order: what a note says, and what a sentence says of a note."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from core.verification import instructions
from core.verification.dates import Days
from core.verification.grammar import chunks, closing, scope, shorthand, times, tokens
from core.verification.grammar.chunk import Quantity
from core.verification.grammar.phrases import phrases_at
from core.verification.grammar.tokens import Words
from core.verification.vocabulary import NAME_KINDS, PHRASES, Phrase
from core.verification.vocabulary.spelling import LEMMAS, stem, word_set

SILENT = frozenset(
    {"free", "aux", "prep", "conj", "record", "measure", "pronoun", "sex", "plural", "have", "neg", "limit", "same day"}
)
CLAUSE_ENDS = frozenset({",", "and", "with", "but", "or", "(", ")", "+", "who", "which", "that", "-", ":"})
TELLING = frozenset({"frequency", "trend", "read", "status", "severity", "no allergies"})
KEPT = NAME_KINDS | TELLING
VACCINES = word_set("vaccine vaccines vaccination vaccinations jab jabs shot shots imms immunization immunizations")
UNLIKE = frozenset({"random", "fasting", "rbg", "rbs", "cbg", "capillary"})
OF_VISIT = "noun:visit"
BINDING = frozenset({"before", "after", "until", "since", "under", "over", "by"})
ENDS_OF_TIMES = frozenset({"until", "till", "since", "before", "after"})
NO_PHRASE = Phrase()
TEXT_CHARACTERS_MAX = 20_000
_HEADING = re.compile(r"\s*+#*+\s*+(family (?:medical )?history|fhx?)\b", re.I)
_OTHER_HEADING = re.compile(r"\s*(?:#+\s|[A-Z][A-Za-z ]{2,30}:)")
_DONE = re.compile(r"\b(?:was|were) (?:given|conducted|administered|performed|carried out)\b", re.I)
_PLAN = re.compile(r"\s*+#*+\s*+plan\b", re.I)


class Term(NamedTuple):
    """A word or a name in a text: every spelling of it that another text may use, and what it stands under."""

    keys: frozenset[str]
    flags: int
    narrows: bool


class Said(NamedTuple):
    """One sentence: terms by place, quantities by place, dates; `latest` if it says that it is the latest.

    `under` are the words of the heading that it stands under, `breaks` the places of its commas,
    `bound` the dates behind "until", "since", "before", "after".
    """

    terms: tuple[tuple[int, Term], ...]
    numbers: tuple[tuple[int, Quantity, int], ...]
    dates: tuple[tuple[Days, ...], ...]
    latest: bool = False
    under: tuple[tuple[int, Term], ...] = ()
    breaks: tuple[int, ...] = ()
    bound: tuple[tuple[Days, ...], ...] = ()


@lru_cache(maxsize=2048)
def sentences(text: str) -> tuple[Said, ...]:
    """The sentences of a row's text. Lines under "Family history" are about relatives, those under "Plan" are plans."""
    found: list[Said] = []
    inherited = 0
    under: tuple[tuple[int, Term], ...] = ()
    for line in instructions.removed(text[:TEXT_CHARACTERS_MAX]).split("\n"):
        if _HEADING.match(line):
            inherited = scope.OF_RELATIVE
        elif _PLAN.match(line):
            inherited = scope.PLANNED
        elif _OTHER_HEADING.match(line) or not line.strip():
            inherited = 0
        if _DONE.search(line):
            inherited &= ~scope.PLANNED
        words = tokens.tokens(tokens.plain(line))
        flags = scope.flags_of(words)
        if line.lstrip().startswith("#"):  # a heading says what is told of, and nothing of it
            under = said(words, flags, 0, len(words)).terms
            continue
        parts = (said(words, flags, first, end, inherited) for first, end in _parts(words, ".;!?"))
        found += [part._replace(under=under) for part in parts]
    return tuple(part for part in found if part.terms or part.numbers)


def _parts(words: Words, ends: str) -> list[tuple[int, int]]:
    found, first = [], 0
    for i, word in enumerate(words):
        if word.kind == "mark" and word.norm in ends:
            found.append((first, i))
            first = i + 1
    return [*found, (first, len(words))]


def clauses(words: Words, first: int, end: int) -> list[tuple[int, int]]:
    """The parts of a claim's sentence that may each rest on a sentence of their own."""
    found, begun = [], first
    for i in range(first, end):
        if (words[i].norm in CLAUSE_ENDS and not _is_between_numbers(words, i)) or _is_between_words(words, i, end):
            found.append((begun, i))
            begun = i + 1
    return [(a, b) for a, b in [*found, (begun, end)] if a < b]


def _is_between_words(words: Words, i: int, end: int) -> bool:
    """Whether a slash stands between two words that are no measure ("d/wk") and no short form ("f/u")."""
    if words[i].norm != "/" or not i or words[i - 1].kind != "word":
        return False
    short = shorthand.read(words, i - 1, end)
    return not (short is not None and short[0] > i) and not (i > 1 and words[i - 2].kind == "number")


def _is_between_numbers(words: Words, i: int) -> bool:
    """Whether a mark stands between two numbers: "4-0", "2-3", "12:08"."""
    around = (words[i - 1], words[i + 1]) if 0 < i < len(words) - 1 else ()
    return words[i].norm in "-:" and bool(around) and all(word.kind == "number" for word in around)


def said(words: Words, flags: list[int], first: int, end: int, inherited: int = 0) -> Said:
    """What the words from `first` to `end` say."""
    terms: list[tuple[int, Term]] = []
    numbers: list[tuple[int, Quantity, int]] = []
    dates: list[tuple[Days, ...]] = []
    bound: list[tuple[Days, ...]] = []
    i = first
    while i < end:
        word = words[i]
        last = i + 1
        if word.kind == "when":
            dates.append(times.read(word.norm))
            if i > first and words[i - 1].norm in ENDS_OF_TIMES:
                bound.append(dates[-1])
        elif word.kind == "number":
            last, quantity = _counted(words, i, end)
            numbers.append((i, quantity, flags[i] | inherited))
        elif word.kind == "word":
            last, term = _term(words, i, end, flags[i] | inherited)
            if isinstance(term, Term):
                terms.append((i, term))
            elif term is not None:
                numbers.append((i, term, flags[i] | inherited))
        i = last
    if not terms and any(flag & (scope.NEGATED | scope.DOUBTED) for flag in flags[first:end]):
        terms.append((first, Term(frozenset({"a negation of nothing"}), scope.NEGATED, False)))  # ", not confirmed"
    behind = closing.said_behind(words, first, end)
    vaccine = _is_of_vaccines(words)
    if behind or vaccine:
        terms = [(at, _governed(term, behind, vaccine=vaccine)) for at, term in terms]
    latest = any(kinds.get("which") == "latest" for n in range(first, end) for _, kinds, _ in phrases_at(words, n))
    breaks = tuple(n for n in range(first, end) if words[n].norm == ",")
    return Said(tuple(terms), tuple(numbers), tuple(dates), latest, breaks=breaks, bound=tuple(bound))


def _is_of_vaccines(words: Words) -> bool:
    """Whether any word of the line is one for vaccines; looked up once, however many parts the line has."""
    if words.is_of_vaccines is None:
        words.is_of_vaccines = any(word.norm in VACCINES for word in words)
    return words.is_of_vaccines


def _governed(term: Term, behind: int, *, vaccine: bool) -> Term:
    """A term under what stands behind all; an illness beside a word for vaccines is what the vaccine is against."""
    keys = term.keys
    if vaccine and any(key.startswith("condition:") for key in keys):
        keys = frozenset(f"vaccine against {key}" for key in keys)
    return term._replace(keys=keys, flags=term.flags | behind)


def _counted(words: Words, i: int, end: int) -> tuple[int, Quantity]:
    """A number, and where it ends; "3/7" is three days."""
    said = chunks.quantity_of(words[i])
    parts = words[i + 1 : min(i + 3, end)]
    if said.unit is None and len(parts) == 2 and parts[0].norm == ":" and parts[1].kind == "number":
        return i + 3, said._replace(value=said.value * 100 + chunks.quantity_of(parts[1]).value)  # 05:10 is 0510
    if said.unit is None and len(parts) == 2 and parts[0].norm == "/" and parts[1].kind == "number":
        unit = chunks.LENGTHS.get(chunks.quantity_of(parts[1]).value)
        if unit:
            return i + 3, said._replace(unit=tokens.UNITS[unit])
    following = words[i + 1].norm if i + 1 < end else ""
    if said.unit is None and following in ("d", "day", "days"):
        return i + 2, said._replace(unit=tokens.UNITS["days"])
    return i + 1, said


def _term(words: Words, i: int, end: int, flags: int) -> tuple[int, Term | Quantity | None]:
    """What stands at a place, and where it ends: a term, a number, or nothing that counts."""
    norm = words[i].norm
    short = shorthand.read(words, i, end)
    if short is not None and short[0] > i + 1:
        return short[0], Term(frozenset((short[1],)), flags, False)
    last, found = _known(words, i, end, flags)
    if short is not None:
        keys = found.keys if isinstance(found, Term) else frozenset((stem(norm),))
        return max(last, short[0]), Term(keys | {short[1]}, flags, isinstance(found, Term) and found.narrows)
    return last, found


def _known(words: Words, i: int, end: int, flags: int) -> tuple[int, Term | Quantity | None]:
    """What the vocabulary makes of a place; a word that it does not know is one by its stem."""
    norm = words[i].norm
    if norm == "both" and i + 1 < end and _is_pair(words, i + 1):
        return i + 1, Term(frozenset(("qualifier:bilateral", "both")), flags, False)
    for last, kinds, _ in phrases_at(words, i):
        if last <= end:
            found = _meant(words, i, last, kinds, flags)
            if found is not None:
                return found
    if _is_silent(PHRASES.get(norm.removesuffix("s"), NO_PHRASE).kinds, alone=True):
        return i + 1, None  # "screens", as "screen"
    return i + 1, Term(frozenset((stem(LEMMAS.get(norm, norm)),)), flags, False)


def _meant(
    words: Words, i: int, last: int, kinds: dict[str, str], flags: int
) -> tuple[int, Term | Quantity | None] | None:
    """What a phrase of the vocabulary counts for; None if it is a word like any other."""
    if "relative" not in kinds and kinds.get("red") == "plan" and last == i + 1:
        return last, None
    if kinds.get("prep") == "after" and flags & scope.PLANNED and _is_length(words, last):
        return last, None  # "to repeat it after three months", as "in three months"
    if kinds.get("prep") in BINDING and not KEPT & kinds.keys():
        return last, _binding(words, last, kinds["prep"], flags)
    if keys := _keys(words[i].norm, kinds, alone=last == i + 1):
        if "no allergies" in kinds and last < len(words) and words[last].norm == "to":
            keys = frozenset(f"{key} to" for key in keys)  # "no known allergies to latex" is no word of others
        return last, Term(keys, flags, "qualifier" in kinds)
    if "number" in kinds:
        return _number(words, last, float(kinds["number"]))
    return (last, None) if _is_silent(kinds, alone=last == i + 1) else None


def _is_pair(words: Words, i: int) -> bool:
    """Whether a word is the plural of something that stands on either side: "both legs", no "both results"."""
    norm = words[i].norm
    return norm in ("feet", "hands") or (norm.endswith("s") and not any(k for _, k, _ in phrases_at(words, i)))


def _binding(words: Words, last: int, prep: str, flags: int) -> Term | None:
    """A word that binds what follows; what is so "by" a day is so on that of the text."""
    if prep == "by" and last < len(words) and words[last].kind == "when":
        return None
    return Term(frozenset((f"prep:{prep}",)), flags, False)


def _is_length(words: Words, at: int) -> bool:
    """Whether a length of time stands at a place."""
    if at >= len(words):
        return False
    said = words[at]
    unit = words[at + 1].norm if at + 1 < len(words) else ""
    counts = any("number" in kinds for _, kinds, _ in phrases_at(words, at))
    return (said.unit is not None and said.unit.kind == "time") or (counts and unit in tokens.UNITS)


def _number(words: Words, at: int, value: float) -> tuple[int, Quantity]:
    unit = tokens.UNITS.get(words[at].norm) if at < len(words) else None
    return (at + 1 if unit else at), Quantity(value, unit, 0.0)


def _keys(norm: str, kinds: dict[str, str], *, alone: bool) -> frozenset[str]:
    """The keys of a relative, of a visit, or of a name or a telling word; of none, where a word is like any other."""
    if "relative" in kinds:
        return frozenset((stem(LEMMAS.get(norm, norm)),))
    named = {f"{k}:{kinds[k]}" for k in kinds.keys() & KEPT}
    if named and norm in UNLIKE:
        return frozenset()
    if kinds.get("noun") == "visit" and named <= {f"visit:{kinds.get('visit')}"}:
        return frozenset({OF_VISIT, stem(norm), *named})
    return frozenset(named | ({stem(norm)} if alone else set())) if named else frozenset()


def _is_silent(kinds: dict[str, str], *, alone: bool) -> bool:
    """Whether a phrase says nothing by itself; what plans and doubts is in the flags of what stands under it."""
    flagged = alone and kinds.get("red") in ("plan", "certainty")
    of_text = kinds.get("noun") in ("note", "time") or kinds.get("which") == "latest"
    return flagged or of_text or not SILENT.isdisjoint(kinds)
