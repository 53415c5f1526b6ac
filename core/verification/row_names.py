"""What may name a row: the words, phrases, ingredients and quantities of its name, its reason or its reaction."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from core.verification.grammar import tokens, type_letters
from core.verification.grammar.phrases import phrases_at
from core.verification.vocabulary import BROADER, INGREDIENTS, PANELS, PHRASES, UNITS, Unit
from core.verification.vocabulary.spelling import beginning, is_one_slip, stem, word_set

_LABEL = re.compile(
    r"\((?:disorder|finding|situation|procedure|substance|organism|product|event|person|regime/therapy"
    r"|qualifier value|observable entity|context-dependent category)\)"
)
_NEGATORS = frozenset({"no", "without", "not", "non"})
_WITH_ACRONYMS = frozenset({"condition", "observation", "visit"})
_WITH_CLASSES = frozenset({"prescription", "condition"})
_HEDGES = frozenset({"suspected", "possible", "probable", "query", "risk", "screening"})
_LESSER = frozenset({"due", "caused", "complicating", "following", "secondary"})
_PLAIN = word_set("of the to a an and or with in for on by at from due disorder structure")
# Shorter words are too often another medicine.
MISSPELT_LETTERS_MIN = 8
NONE_KNOWN = "no allergies:no known allergies"
_VISIT_CLASSES = {
    "amb": "ambulatory", "emer": "emergency", "imp": "inpatient", "vr": "virtual", "hh": "home visit",
    "obsenc": "observation", "acute": "inpatient",
}  # fmt: skip


class Amount(NamedTuple):
    value: float
    unit: Unit | None
    part: int


class Named(NamedTuple):
    """`heads` may name the row by themselves, `terms` add to a name; `amounts` are the quantities in it.

    `begins` are the beginnings of the terms that are stems, `clips` the heads that may be written shortened,
    `short` tells whether acronyms are among the terms.
    """

    heads: frozenset[str]
    terms: frozenset[str]
    amounts: tuple[Amount, ...]
    parts: tuple[frozenset[str], ...]
    begins: frozenset[str] = frozenset()
    clips: tuple[str, ...] = ()
    negated: bool = False
    short: bool = False


EMPTY = Named(frozenset(), frozenset(), (), ())


@lru_cache(maxsize=8192)
def named(texts: tuple[str, ...], assay: str | None, kind: str, details: tuple[str, ...] = ()) -> Named:
    """What may name a row with these names; `details` add terms that name nothing by themselves."""
    reading = _Reading(kind)
    for text in texts:
        reading.read(text)
    heads = _of_assay(assay) if assay else reading.heads
    terms = reading.terms.union(heads if assay else (), *[_details(text) for text in details])
    return Named(
        frozenset(heads),
        frozenset(terms),
        tuple(reading.amounts),
        tuple(map(frozenset, reading.parts)),
        frozenset([beginning(term.lstrip("~")) for term in terms if ":" not in term]),
        _clips(heads) if kind == "prescription" else (),
        any(term[0] == "~" for term in terms),
        any(term.startswith("short:") for term in terms),
    )


def _of_assay(assay: str) -> set[str]:
    return {f"assay:{assay}"} | {f"assay:{panel}" for panel, members in PANELS.items() if assay in members}


def _clips(heads: set[str]) -> tuple[str, ...]:
    return tuple(term for term in heads if ":" not in term and len(term) > 6)


def _details(text: str) -> set[str]:
    """Routes, and words that the vocabulary has no meaning for: "by mouth", "before breakfast"."""
    words = tokens.tokens(tokens.plain(text))
    if any(word.norm in _NEGATORS for word in words):
        return set()
    return set().union(*[_detail(words, i) for i, word in enumerate(words) if word.kind == "word"])


def _detail(words: tokens.Words, i: int) -> set[str]:
    phrases, norm = phrases_at(words, i), words[i].norm
    if phrases or norm in UNITS or norm in _PLAIN:
        return {f"route:{names['route']}" for _, _, names in phrases if "route" in names}
    return {stem(norm)}


class _Reading:
    """A name being read: what has been found so far."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.heads: set[str] = set()
        self.terms: set[str] = set()
        self.amounts: list[Amount] = []
        self.parts: list[set[str]] = []

    def read(self, text: str) -> None:
        """Add a text. Terms under "no" or "without" carry a tilde; what it is due to does not name it."""
        written = _LABEL.sub(" ", text)
        words = tokens.tokens(tokens.plain(written))
        words.written = written
        self.terms |= type_letters.in_name(words)
        if self.kind in _WITH_ACRONYMS:
            short = _acronyms(words)
            self.heads, self.terms = self.heads | short, self.terms | short
        aside = _asides(words)
        negated = False
        self.parts.append(set())
        for i, word in enumerate(words):
            negated = (negated or word.norm in _NEGATORS) and word.norm not in (",", ";", ".")
            self._token(words, i, mark="~" if negated else "", is_head=not (negated or i in aside))

    def _token(self, words: tokens.Words, i: int, *, mark: str, is_head: bool) -> None:
        word = words[i]
        if word.kind == "number":
            self._number(word)
        elif word.norm in ("/", "[") and self.kind == "prescription":
            self.parts.append(set())
        elif word.kind == "word" and word.norm not in _PLAIN:
            self._word(words, i, mark=mark, is_head=is_head)

    def _number(self, word: tokens.Token) -> None:
        value = float(word.norm.lstrip("<>=~± ").replace(",", ""))
        self.amounts.append(Amount(value, word.unit, len(self.parts) - 1))
        if self.kind != "prescription":
            self.terms.add(word.norm)

    def _word(self, words: tokens.Words, i: int, *, mark: str, is_head: bool) -> None:
        for end, found in _terms_at(words, i, self.kind):
            own = mark if end == i + 1 or words[i].norm not in _NEGATORS else ""
            marked = {own + term for term in found}
            self.terms |= marked
            self.parts[-1] |= marked
            if is_head and not _is_modifier(words, end - 1):
                self.heads |= marked


def _asides(words: tokens.Words) -> set[int]:
    """The places that name nothing: behind what it is due to, and all but the hedge where there is one."""
    hedged = any(word.norm in _HEDGES for word in words)
    lesser = next((i for i, word in enumerate(words) if i and word.norm in _LESSER), len(words))
    return {i for i, word in enumerate(words) if i >= lesser or (hedged and word.norm not in _HEDGES)}


def _acronyms(words: tokens.Words) -> set[str]:
    """What the first letters of three words or more in a row spell: "low back pain" is LBP."""
    for_all = [word.norm for word in words if word.kind == "word"]
    found: set[str] = set()
    for norms in (for_all, [norm for norm in for_all if norm not in _PLAIN]):
        first = "".join(norm[0] for norm in norms)
        found |= {f"short:{first[a:b]}" for a in range(len(first)) for b in range(a + 3, min(len(first), a + 6) + 1)}
    return found


def _terms_at(words: tokens.Words, i: int, kind: str) -> Iterator[tuple[int, set[str]]]:
    """Where each word or phrase that begins at a place ends, and the terms that it gives."""
    norm = words[i].norm
    yield i + 1, {stem(norm.rstrip("0123456789") if kind == "patient" else norm)}
    for end, kinds, names in phrases_at(words, i):
        found = _keys(names, kind)
        if "no allergies" in kinds and (i, end) == (0, len(words)):
            found.add(NONE_KNOWN)
        found = found.union(*[_of_ingredient(part) for part in INGREDIENTS.get(kinds.get("brand", ""), ())])
        yield end, found.union(*[BROADER.get(term, ()) for term in found]) if kind in _WITH_CLASSES else found
    if kind == "prescription" and (meant := _misspelt(norm)):
        yield i + 1, {f"medicine:{meant}", stem(meant)}
    if kind == "visit" and norm in _VISIT_CLASSES:
        yield i + 1, {f"visit:{_VISIT_CLASSES[norm]}".replace("ambulatory", "outpatient")}


@lru_cache(maxsize=4096)
def _misspelt(norm: str) -> str | None:
    """The one medicine of the vocabulary that an unknown word misses by a letter: "Simvistatin"."""
    if norm in PHRASES or len(norm) < MISSPELT_LETTERS_MIN or not norm.isalpha():
        return None
    near = {meant for word, meant in _medicines(norm[0]) if is_one_slip(norm, word)}
    return near.pop() if len(near) == 1 else None


@lru_cache(maxsize=64)
def _medicines(letter: str) -> tuple[tuple[str, str], ...]:
    """The words of the vocabulary that begin so and name a medicine, with which one."""
    long = ((word, said.names) for word, said in PHRASES.items() if len(word) >= MISSPELT_LETTERS_MIN)
    return tuple((word, names["medicine"]) for word, names in long if word[0] == letter and "medicine" in names)


def _keys(names: dict[str, str], kind: str) -> set[str]:
    return {f"{k}:{meaning}" for k, meaning in names.items() if k != "assay" or kind in ("observation", "reason")}


def _of_ingredient(ingredient: str) -> set[str]:
    return {f"medicine:{ingredient}", stem(ingredient)}


def _is_modifier(words: tokens.Words, i: int) -> bool:
    """ "Diabetic" in "diabetic retinopathy": it narrows what follows and names nothing by itself."""
    norm = words[i].norm
    return norm.endswith(("ic", "ive", "al", "ous")) and i + 1 < len(words) and words[i + 1].kind == "word"
