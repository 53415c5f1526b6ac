"""A row as the grammar and the evaluators see it: what names it, its value, range, days and standing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from core.verification import dates, instructions
from core.verification.grammar import tokens
from core.verification.grammar.phrases import phrases_at
from core.verification.types import Row
from core.verification.vocabulary import ASSAY_OF_CODE, INGREDIENTS, PANELS, UNITS, Unit, unit_of_row
from core.verification.vocabulary.spelling import stem

NAMES = {
    "observation": ("name", "short_name"), "prescription": ("medication",), "condition": ("name",),
    "allergy": ("substance",), "visit": ("description", "class"), "patient": ("name",),
}  # fmt: skip
REASONS = {
    "prescription": ("reason",), "visit": ("reason",), "allergy": ("reaction",), "observation": ("value",),
}  # fmt: skip
# What adds to a name: the row itself must say it.
DETAILS = {"prescription": ("frequency", "route", "instructions"), "allergy": ("category",)}
TEXTS = {"note": ("text",), "prescription": ("instructions",)}
# Which field of a row dates it, and which its end.
_STARTS = {
    "observation": "observed_at", "prescription": "started_on", "condition": "onset_on", "allergy": "recorded_on",
    "visit": "started_at", "patient": "birth_date", "note": "written_at",
}  # fmt: skip
_STOPS = {"prescription": "stopped_on", "condition": "resolved_on", "visit": "ended_at"}
_LABEL = re.compile(
    r"\((?:disorder|finding|situation|procedure|substance|organism|product|event|person|regime/therapy"
    r"|qualifier value|observable entity|context-dependent category)\)"
)
_NEGATORS = frozenset({"no", "without", "not", "non"})
_HEDGES = frozenset({"suspected", "possible", "probable", "query", "risk", "screening"})
_LESSER = frozenset({"due", "caused", "complicating", "following", "secondary"})
_PLAIN = frozenset(
    {
        "of",
        "the",
        "to",
        "a",
        "an",
        "and",
        "or",
        "with",
        "in",
        "for",
        "on",
        "by",
        "at",
        "from",
        "due",
        "disorder",
        "structure",
    }
)
_AS_WRITTEN = re.compile(r"\s*+[<>]?=?\s*+(-?\d++(?:\.\d++)?)\s*+(.*)")
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

    `begins` are the first two letters of the terms, `clips` the heads that may be written shortened.
    """

    heads: frozenset[str]
    terms: frozenset[str]
    amounts: tuple[Amount, ...]
    parts: tuple[frozenset[str], ...]
    begins: frozenset[str] = frozenset()
    clips: tuple[str, ...] = ()
    negated: bool = False


class Cited:
    """One row, read once a check; what depends on text alone is cached by that text."""

    __slots__ = (
        "assay", "fields", "high", "low", "mark", "name", "names", "reason", "ref", "row", "standing", "start", "stop",
        "text_value", "texts", "type", "unit", "value",
    )  # fmt: skip

    def __init__(self, row: Row) -> None:
        fields = row.fields
        self.row, self.ref, self.type, self.fields = row, row.ref, row.type, fields
        self.value: float | None = None
        self.unit: Unit | None = None
        self.text_value: str | None = None
        self.assay: str | None = None
        self.mark = str(fields.get("interpretation") or "")
        self.low, self.high = _number(fields.get("ref_low")), _number(fields.get("ref_high"))
        self.names = names = _texts(fields, NAMES.get(row.type, ("name",)))
        reasons = _texts(fields, REASONS.get(row.type, ()))
        if row.type == "observation":
            self._read_value(fields.get("value"), fields.get("unit"))
            self.assay = ASSAY_OF_CODE.get(str(fields.get("code"))) or assay_named(names)
            reasons = (self.text_value,) if self.text_value else ()
        self.name = named(names, self.assay, row.type, _texts(fields, DETAILS.get(row.type, ())))
        self.reason = named(tuple(instructions.removed(r) for r in reasons), None, "reason") if reasons else EMPTY
        self.start, self.stop = _day(fields, _STARTS.get(row.type)), _day(fields, _STOPS.get(row.type))
        self.standing = _standing(self)
        self.texts = _texts(fields, TEXTS.get(row.type, ()))

    def _read_value(self, value: Any, unit: Any) -> None:
        """A number with its unit, or an answer in words. A number in words with a unit of its own is a number."""
        if isinstance(value, bool):
            self.text_value = "Yes" if value else "No"
            return
        written = _AS_WRITTEN.fullmatch(value) if isinstance(value, str) and len(value) < 40 else None
        if written and (not written[2] or written[2].lower().strip() in UNITS):
            value, unit = float(written[1]), unit or written[2]
        self.value = _number(value)
        self.text_value = value if isinstance(value, str) else None
        self.unit = unit_of_row(str(unit)) if unit else None

    def shown(self) -> str:
        """The value as a clinician writes it."""
        return shown(self.value, self.fields.get("unit")) if self.value is not None else f"“{self.text_value}”"


EMPTY = Named(frozenset(), frozenset(), (), ())
_SHOWN_UNITS = {
    "mm[Hg]": "mmHg",
    "Cel": "°C",
    "[degF]": "°F",
    "[lb_av]": "lb",
    "[in_i]": "in",
    "mL/min/{1.73_m2}": "mL/min/1.73 m²",
}


def shown(value: float | None, unit: Any) -> str:
    written = "" if not unit or str(unit).startswith("{") else _SHOWN_UNITS.get(str(unit), str(unit))
    number = (
        ""
        if value is None
        else f"{value:.1f}".rstrip("0").rstrip(".")
        if abs(value) >= 10
        else f"{value:.2f}".rstrip("0").rstrip(".")
    )
    return f"{number}{'' if written == '%' or not written else ' '}{written}"


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else None


def _texts(fields: Mapping[str, Any], keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple([str(fields[key]) for key in keys if fields.get(key)])


def _day(fields: Mapping[str, Any], key: str | None) -> date | None:
    written = fields.get(key) if key else None
    return dates.of_row(written) if written else None


def _standing(row: Cited) -> str:
    """active, ended, stopped or completed; nothing where the row does not say."""
    status = str(row.fields.get("status") or "").lower()
    if status in ("active", "ongoing", "current", "in-progress", "recurrence", "relapse"):
        return "active"
    if status in ("stopped", "completed"):
        return status
    if status or row.stop:
        return "ended"
    return "active" if row.type in ("condition", "prescription", "allergy") and row.start else ""


@lru_cache(maxsize=4096)
def assay_named(names: tuple[str, ...]) -> str | None:
    """The assay that a name is, all of it up to its brackets."""
    for name in names:
        for text in (re.split(r"\[| \(|/| in (?:blood|serum|arterial|urine)| by ", name.lower())[0], name.lower()):
            words = tokens.tokens(tokens.plain(text.strip()))
            found = [p for p in (phrases_at(words, 0) if words else ()) if "assay" in p[1] and p[0] == len(words)]
            if found and found[0][1]["assay"] not in PANELS:
                return found[0][1]["assay"]
    return None


@lru_cache(maxsize=8192)
def named(texts: tuple[str, ...], assay: str | None, kind: str, details: tuple[str, ...] = ()) -> Named:
    """What may name a row with these names; `details` add terms that the vocabulary has no meaning for."""
    reading = _Reading()
    for text in texts:
        reading.read(text, kind)
    heads, terms = reading.heads, reading.terms
    for text in details:
        terms |= _plain_terms(text)
    if assay:
        heads = {f"assay:{assay}"} | {f"assay:{panel}" for panel, members in PANELS.items() if assay in members}
        terms |= heads
    return Named(
        frozenset(heads),
        frozenset(terms),
        tuple(reading.amounts),
        tuple(frozenset(part) for part in reading.parts),
        frozenset(term.lstrip("~")[:2] for term in terms),
        tuple(term for term in heads if ":" not in term and len(term) > 6) if kind == "prescription" else (),
        any(term[0] == "~" for term in terms),
    )


def _plain_terms(text: str) -> set[str]:
    words = tokens.tokens(tokens.plain(text))
    plain = (
        w.norm for i, w in enumerate(words) if w.kind == "word" and not phrases_at(words, i) and w.norm not in UNITS
    )
    return {stem(norm) for norm in plain if norm not in _PLAIN}


class _Reading:
    """A name being read: what has been found so far."""

    def __init__(self) -> None:
        self.heads: set[str] = set()
        self.terms: set[str] = set()
        self.amounts: list[Amount] = []
        self.parts: list[set[str]] = []

    def read(self, text: str, kind: str) -> None:
        """Add a text. Terms under "no" or "without" carry a tilde; what it is due to does not name it."""
        words = tokens.tokens(tokens.plain(_LABEL.sub(" ", text)))
        if kind in ("condition", "observation", "visit"):
            self.terms |= (short := _acronyms(words))
            self.heads |= short
        hedged = any(word.norm in _HEDGES for word in words)
        negated = lesser = False
        self.parts.append(set())
        for i, word in enumerate(words):
            if word.kind == "number":
                self._number(word, kind)
            elif word.norm in ("/", "[") and kind == "prescription":
                self.parts.append(set())
            negated = (negated or word.norm in _NEGATORS) and word.norm not in (",", ";", ".")
            lesser = lesser or (word.norm in _LESSER and i > 0)
            if word.kind == "word" and word.norm not in _PLAIN:
                is_head = not (negated or lesser) and (not hedged or word.norm in _HEDGES)
                self._word(words, i, kind, mark="~" if negated else "", is_head=is_head)

    def _number(self, word: tokens.Token, kind: str) -> None:
        value = float(word.norm.lstrip("<>=~± ").replace(",", ""))
        self.amounts.append(Amount(value, word.unit, len(self.parts) - 1))
        if kind != "prescription":
            self.terms.add(word.norm)

    def _word(self, words: tokens.Words, i: int, kind: str, *, mark: str, is_head: bool) -> None:
        for end, found in _terms_at(words, i, kind):
            marked = {mark + term for term in found}
            self.terms |= marked
            self.parts[-1] |= marked
            if is_head and not _is_modifier(words, end - 1):
                self.heads |= marked


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
        found = {
            f"{k}:{meaning}" for k, meaning in names.items() if (k != "assay" or kind in ("observation", "reason"))
        }
        if "no allergies" in kinds:
            found.add(NONE_KNOWN)
        for ingredient in INGREDIENTS.get(kinds.get("brand", ""), ()):
            found |= {f"medicine:{ingredient}", stem(ingredient)}
        if found:
            yield end, found
    if kind == "visit" and norm in _VISIT_CLASSES:
        yield i + 1, {f"visit:{_VISIT_CLASSES[norm]}".replace("ambulatory", "outpatient")}


def _is_modifier(words: tokens.Words, i: int) -> bool:
    """ "Diabetic" in "diabetic retinopathy": it narrows what follows and names nothing by itself."""
    norm = words[i].norm
    return norm.endswith(("ic", "ive", "al", "ous")) and i + 1 < len(words) and words[i + 1].kind == "word"
