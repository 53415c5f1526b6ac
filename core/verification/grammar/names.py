"""Names in a sentence: of a test, medicine, condition, allergen, visit or person, with the rows that bear them."""

from __future__ import annotations

from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple

from core.verification.cited import Cited
from core.verification.grammar import type_letters
from core.verification.grammar.phrases import longest_at, phrases_at
from core.verification.grammar.spelt_names import Spelled, by_first_word, spellings, told
from core.verification.grammar.tokens import Words
from core.verification.vocabulary import CLASSES, INGREDIENTS, NAME_KINDS
from core.verification.vocabulary.spelling import beginning, stem, word_set

BY_NAME, BY_REASON = 0, 1
_LINKS = word_set("of with due to the for in and from by on at / [ ] ( ) - ' . as")
_NEGATORS = frozenset({"no", "without"})
_NARROWING = frozenset({"qualifier", "route", "severity", "read", "result"})
_DETAILS = frozenset({"route", "visit", "finding", "result", "qualifier"})
_MERE_DETAILS = frozenset({"route", "qualifier"})
_NEVER = frozenset({"aux", "prep", "conj", "neg", "free", "pronoun"})


class Name(NamedTuple):
    """`bearers` are (row, how): how is BY_NAME, or BY_REASON where the row's reason, reaction or answer says it."""

    end: int
    kinds: dict[str, str]
    bearers: tuple[tuple[int, int], ...]
    terms: frozenset[str]
    detail: bool = False


NO_NAME = Name(0, {}, (), frozenset())


class Book:
    """What may name one of the cited rows."""

    def __init__(self, rows: list[Cited]) -> None:
        self.entries = [((n, BY_NAME), row.name) for n, row in enumerate(rows) if row.name.terms]
        self.entries += [((n, BY_REASON), row.reason) for n, row in enumerate(rows) if row.reason.terms]
        found = [named for _, named in self.entries]
        self.stems = frozenset().union(*map(attrgetter("terms"), found))
        self.begins = frozenset().union(*map(attrgetter("begins"), found))
        self.medicines = frozenset().union(*map(attrgetter("clips"), found))
        self.tilde, self.short = (any(map(attrgetter(mark), found)) for mark in ("negated", "short"))
        self.spelled = by_first_word([spellings(row.names) for row in rows])
        self.told = by_first_word([told(row.told) if row.told else () for row in rows])

    def told_at(self, words: Words, i: int) -> Name | None:
        """What a row says of how a medicine is taken, word for word: "500 mg to 1 g", "after each loose stool"."""
        end, bearers = self.spelled_at(words, i, self.told) if words[i].norm in self.told else (i, ())
        known = bearers and longest_at(words, i)[0] >= end  # "once a day" is read as a frequency
        return Name(end, {}, bearers, frozenset(), detail=True) if bearers and not known else None

    def spelled_at(
        self, words: Words, i: int, spelled: Spelled | None = None
    ) -> tuple[int, tuple[tuple[int, int], ...]]:
        """Where the longest name that a row has word for word ends, and the rows that have it."""
        end = i
        bearers: list[tuple[int, int]] = []
        for spelling, n in (self.spelled if spelled is None else spelled).get(words[i].norm, ()):
            last = i + len(spelling)
            if last >= end and spelling == tuple((word.norm, word.unit) for word in words[i:last]):
                bearers = [*(bearers if last == end else ()), (n, BY_NAME)]
                end = last
        return end, tuple(bearers)

    def clipped(self, norm: str) -> str | None:
        """The one medicine of the rows that a word of four letters or more begins: "simva", "spiro"."""
        found = [term for term in self.medicines if term.startswith(norm)] if len(norm) > 3 else []
        return found[0] if len(found) == 1 else None

    def may_hold(self, norm: str) -> bool:
        """Whether a row may have the stem of a word: a stem begins as its word does."""
        return beginning(norm) in self.begins or norm[:2] in self.begins

    def holds(self, norm: str) -> bool:
        """Whether a row bears a word, by its stem or as an acronym."""
        if self.short and f"short:{norm}" in self.stems:
            return True
        return self.may_hold(norm) and (stem(norm) in self.stems or self.clipped(norm) is not None)


def may_begin(words: Words, i: int, book: Book) -> bool:
    """Whether a name can begin at a word at all: it is in the vocabulary of names, or in a row."""
    norm = words[i].norm
    for _, _, named in phrases_at(words, i):
        if named:
            return True
    return norm in book.spelled or book.holds(norm)


Part = tuple[int, frozenset[str], dict[str, str], bool]


def read(words: Words, i: int, book: Book) -> Name | None:
    """The longest name at a place that one row bears, word for word or by its parts; or a name that no row bears."""
    name = _longest(words, i, book)
    letter = type_letters.at(words, name.end) if name is not None and not name.detail else None
    if name is None or letter is None:
        return name
    rows = {n for (n, _), named in book.entries if letter in named.terms}
    bearers = tuple(bearer for bearer in name.bearers if bearer[0] in rows)
    return name._replace(end=name.end + 1, bearers=bearers, terms=name.terms | {letter})


def _longest(words: Words, i: int, book: Book) -> Name | None:
    name = _by_parts(words, i, book)
    end, bearers = book.spelled_at(words, i)
    if not bearers or (name is not None and (name.end > end or (name.end == end and _names(name)))):
        return name
    return Name(end, {}, bearers, frozenset(stem(word.norm) for word in words[i:end]))


def _names(name: Name) -> bool:
    """Whether a name says what it is of, rather than only narrow another."""
    return not name.detail and not (name.kinds and _NARROWING.issuperset(name.kinds))


def _by_parts(words: Words, i: int, book: Book) -> Name | None:
    part = _part(words, i, book)
    if part is None:
        return None
    grown = _Growing(part, book)
    of_class = any(f"{kind}:{meaning}" in CLASSES for kind, meaning in part[2].items())
    while grown.end < len(words) and grown.bearing and not (of_class and words[grown.end].norm == "("):
        following = _next(words, grown.end, book)
        is_value = words[grown.end].kind == "number" and "assay" in grown.kinds
        if following is None or is_value or not grown.add(following):
            break
    return grown.name()


class _Growing:
    """A name part by part: `bearing` are the rows that bear all its parts, `best` the longest run that names one."""

    def __init__(self, part: Part, book: Book) -> None:
        self.end, alternatives, self.kinds, weak = part
        self.entries = book.entries
        self.bearing = [entry for entry in self.entries if not alternatives.isdisjoint(entry[1].terms)]
        self.terms, self.strong = set(alternatives), not weak
        self.spelt = not (self.kinds or weak)
        self.heads = _heads(self.bearing, alternatives)
        solid = self.strong and (self.heads or not self.bearing)
        self.best = (self.end, self.bearing, self.kinds) if solid else None

    def add(self, part: Part) -> bool:
        """Add a part, unless no row that is left bears it."""
        end, alternatives, kinds, weak = part
        narrowed = [entry for entry in self.bearing if not alternatives.isdisjoint(entry[1].terms)]
        if not narrowed or self._is_another_test(kinds, narrowed):
            return False
        self.end, self.bearing, self.kinds = end, narrowed, {**kinds, **self.kinds}
        self.terms |= alternatives
        self.strong = self.strong or not weak
        self.spelt = self.spelt or not (kinds or weak)
        self.heads |= _heads(narrowed, alternatives)
        if self.heads & {entry[0] for entry in narrowed}:
            self.best = (self.end, self.bearing, self.kinds)
        return True

    def _is_another_test(self, kinds: dict[str, str], narrowed: list) -> bool:
        """ "LDL cholesterol and total cholesterol": the name of a test that another row is of."""
        mine, term = self.kinds.get("assay"), f"assay:{kinds.get('assay')}"
        if mine is None or term in ("assay:None", f"assay:{mine}"):
            return False
        return any(term in named.heads and (entry, named) not in narrowed for entry, named in self.entries)

    def name(self) -> Name | None:
        """The name that was found; a detail where the words only add to a row's name."""
        if self.best is not None:
            end, bearing, kinds = self.best
            bearers = tuple(entry[0] for entry in bearing if entry[0] in self.heads)
            return None if bearing and not bearers else self._name(end, kinds, bearers)
        if self.bearing and (self.strong or not self.kinds.keys().isdisjoint(_DETAILS)):
            return self._name(self.end, self.kinds, tuple(entry[0] for entry in self.bearing), detail=True)
        return None

    def _name(
        self, end: int, kinds: dict[str, str], bearers: tuple[tuple[int, int], ...], *, detail: bool = False
    ) -> Name:
        named = {kind: meaning for kind, meaning in kinds.items() if kind in NAME_KINDS}
        if self.spelt and not detail and named.keys() <= _MERE_DETAILS:
            named = {}  # "perennial rhinitis": the row's own word names it, whatever narrows it
        return Name(end, named, bearers, frozenset(self.terms), detail)


def _heads(bearing: list, alternatives: frozenset[str]) -> set[tuple[int, int]]:
    return {entry[0] for entry in bearing if not alternatives.isdisjoint(entry[1].heads)}


def _next(words: Words, at: int, book: Book) -> Part | None:
    """The next part of a name, past the small words that names have."""
    token, norm = words[at], words[at].norm
    if token.kind == "number":
        return (at + 1, frozenset((norm,)), {}, True) if token.unit is None and norm in book.stems else None
    if norm in _NEGATORS:
        return _negated(words, at + 1, book)
    letter = type_letters.at(words, at)
    if letter is not None:
        return at + 1, frozenset((letter,)), {}, True
    part = _part(words, at, book)
    if part is not None or norm not in _LINKS or at + 1 == len(words):
        return part
    following = words[at + 1].norm
    return (_next if following in _NEGATORS or following in _LINKS else _part)(words, at + 1, book)


def _negated(words: Words, at: int, book: Book) -> Part | None:
    """What stands under "no" in a name, where a row has it so."""
    part = _part(words, at, book, "~") if book.tilde and at < len(words) else None
    return (part[0], frozenset(f"~{term}" for term in part[1]), part[2], False) if part else None


def _part(words: Words, i: int, book: Book, mark: str = "") -> Part | None:
    """(end, terms of which a row must have one, kinds, whether it is too weak to be a name alone)."""
    token = words[i]
    if token.kind != "word":
        return None
    phrases = phrases_at(words, i)
    for end, kinds, named in phrases:
        if named and (known := _known(words, (i, end), (kinds, named), book, mark)):
            return known
    end, kinds, named = phrases[0] if phrases else (i + 1, {}, {})
    if named and mark + stem(token.norm) not in book.stems:
        if any(_is_test_at(words, at, book) for at in range(i + 1, end)):
            return None  # "raised BP", where a blood pressure is cited and no such condition
        return _unborne(words, (i, end), named) if NAME_KINDS.issuperset(kinds) else None
    return _spelled(words, i, kinds, book, mark)


def _is_test_at(words: Words, i: int, book: Book) -> bool:
    return any(f"assay:{kinds.get('assay')}" in book.stems for _, kinds, _ in phrases_at(words, i))


def _spelled(words: Words, i: int, kinds: dict[str, str], book: Book, mark: str) -> Part | None:
    """A word that only the rows give a meaning: by its stem, as an acronym in capitals, or clipped."""
    token = words[i]
    short = f"short:{token.norm}"
    if not kinds and short in book.stems and words.written[token.start : token.end].isupper():
        return i + 1, frozenset((short,)), {"condition": token.norm}, False
    if not book.may_hold(token.norm) or not _NEVER.isdisjoint(kinds):
        return None
    term = stem(token.norm)
    if mark + term in book.stems:
        return i + 1, frozenset((term,)), {}, bool(kinds)
    clipped = book.clipped(token.norm)
    return (i + 1, frozenset((clipped,)), {"medicine": clipped}, False) if clipped else None


def _known(
    words: Words, span: tuple[int, int], means: tuple[dict[str, str], dict[str, str]], book: Book, mark: str
) -> Part | None:
    """A part that the vocabulary knows and that some row bears."""
    kinds, named = means
    alternatives = _own_brand(_alternatives_in(words, span, named), named, book)
    borne = any(mark + term in book.stems for term in alternatives) if mark else alternatives & book.stems
    if not borne:
        return None
    return span[1], alternatives, named, _NARROWING.issuperset(kinds.keys() & named.keys())


def _own_brand(alternatives: frozenset[str], named: dict[str, str], book: Book) -> frozenset[str]:
    """A brand is the rows that bear its name, if any does: OxyContin and Percocet are both oxycodone."""
    own = (
        frozenset((f"brand:{named['brand']}", stem(named["brand"]))) & alternatives if "brand" in named else frozenset()
    )
    return own if own & book.stems else alternatives


def _unborne(words: Words, span: tuple[int, int], named: dict[str, str]) -> Part | None:
    """A name of the vocabulary that no row bears; one that only narrows another name is none."""
    if _NARROWING.issuperset(named):
        return None
    if named.keys() == {"assay"}:
        return span[1], frozenset((f"assay:{named['assay']}",)), named, False
    return span[1], _alternatives_in(words, span, named), named, False


def _alternatives_in(words: Words, span: tuple[int, int], named: dict[str, str]) -> frozenset[str]:
    first, end = span
    return _alternatives(tuple(named.items()), words[first].norm if end == first + 1 else None)


@lru_cache(maxsize=8192)
def _alternatives(found: tuple[tuple[str, str], ...], norm: str | None) -> frozenset[str]:
    """The terms that a phrase with such names may have in a row; `norm` is its word, if it is a single one."""
    terms = {f"{kind}:{meaning}" for kind, meaning in found}
    for kind, meaning in found:
        if kind == "brand":
            for ingredient in INGREDIENTS.get(meaning, ()):
                terms |= {f"medicine:{ingredient}", stem(ingredient)}
    if norm is not None and not any(kind == "assay" for kind, _ in found):
        terms.add(stem(norm))
    return frozenset(terms)
