"""A row as the checks see it: its name, value, range, dates by what they date, standing and words."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from core.verification import dates, instructions, lexicon, prose, units
from core.verification.scope import NEGATED
from core.verification.text import plain, stem, tokens
from core.verification.types import Row
from core.verification.words import FILLER, NO_VALUES

NAME_FIELDS = {
    "observation": ("name", "short_name"), "prescription": ("medication",), "condition": ("name",),
    "allergy": ("substance",),
    "visit": ("description",), "patient": ("name",), "note": (),
}  # fmt: skip
_ROLES = {
    "started_on": "start", "onset_on": "start", "started_at": "start", "stopped_on": "stop", "resolved_on": "stop",
    "ended_at": "stop", "observed_at": "at", "written_at": "at", "recorded_on": "at", "birth_date": "born",
}  # fmt: skip
_NOT_TEXT = frozenset(
    {*_ROLES, "code", "system", "unit", "ref_low", "ref_high", "interpretation", "value", "id", "status", "sex"}
)
# Written so that a long run of spaces is looked at once, not once from each of its spaces.
_TERM = re.compile(
    r"(?<!\s)\s*+\((?:disorder|finding|situation|procedure|substance|organism|product|event|person|qualifier value)\)"
)
_CUT = re.compile(r"(?<!\s)\s*(?:\[| \(|/| in (?:blood|serum|arterial|urine|platelet|stool)| by |\.total).*")
_AS_WRITTEN = re.compile(r"\s*+[<>]?=?\s*+(-?\d++(?:\.\d++)?)\s*+(.*)")


class Facts:
    """Everything the checks ask of one row. Built per check; what depends on text alone is cached by that text."""

    __slots__ = (
        "assay",
        "days",
        "fields",
        "inverted",
        "names",
        "row",
        "sentences",
        "standing",
        "type",
        "unit",
        "value",
        "value_text",
    )

    def __init__(self, row: Row) -> None:
        self.row, self.type, self.fields = row, row.type, row.fields
        names = [str(row.fields[f]) for f in NAME_FIELDS.get(row.type, ("name",)) if row.fields.get(f)]
        self.names = tuple(names)
        self.value: float | None = None
        self.unit: units.Unit | None = None
        self.value_text: str | None = None
        self.assay: str | None = None
        self.inverted = False
        if row.type == "observation":
            self._read_value(names)
        self.days = _days(row.fields)
        self.standing = _standing(row.type, row.fields, self.days)
        sentences: list[prose.Sentence] = []
        for text in _texts(row.fields):
            # A test may be named by a question: "Are you a refugee?"
            sentences.extend(prose.read(text if text in names else instructions.removed(text)))
        if self.value_text is not None:
            sentences.extend(prose.read(self.value_text))
        self.sentences = sentences

    def _read_value(self, names: list[str]) -> None:
        fields = self.fields
        value, unit = fields.get("value"), fields.get("unit")
        if isinstance(value, str):
            number = _AS_WRITTEN.fullmatch(value)
            if number and (
                not number[2] or not units.parse(number[2]) or not str(units.parse(number[2])).count("unknown")
            ):
                value, unit = float(number[1]), unit or number[2]
            else:
                self.value_text = value
                words = plain(value).replace(",", " ").split()
                self.inverted = bool(words) and (words[0] in NO_VALUES or words[:2] == ["not", "detected"])
        if isinstance(value, bool):
            self.value_text, self.inverted = "Yes" if value else "No", not value
        elif value is not None and not isinstance(value, str):
            self.value = float(value)
        self.unit = units.parse(str(unit)) if unit else None
        self.assay = lexicon.assay_by_code(fields.get("code")) or assay_by_names(tuple(names))

    @property
    def name(self) -> str:
        """The row's name for a reader: without the terminology's label."""
        return _TERM.sub("", self.names[0]) if self.names else self.type

    @property
    def ref(self) -> str:
        return self.row.ref

    def first_day(self) -> date | None:
        return next((day for role, day in self.days if role in ("at", "start")), None)

    def day(self, role: str) -> date | None:
        return next((day for found, day in self.days if found == role), None)

    def flags_of(self, term: str) -> int:
        """The sets of flags under which the row holds a term, as bits; 0 if it does not hold it."""
        found = 0
        for sentence in self.sentences:
            found |= sentence.words.get(term, 0)
        if found and self.inverted:
            found = _invert(found) if term in name_terms(self.names) else found
        return found

    def shown(self) -> str:
        """The value with its unit, as the row gives it."""
        unit = self.fields.get("unit")
        return f"{self.fields.get('value')}{' ' + str(unit) if unit and self.value is not None else ''}"


def _invert(bits: int) -> int:
    return sum(1 << (flags ^ NEGATED) for flags in range(16) if bits >> flags & 1)


@lru_cache(maxsize=4096)
def assay_by_names(names: tuple[str, ...]) -> str | None:
    for name in names:
        for text in (_CUT.sub("", plain(name)), plain(name)):
            words = tokens(text)
            found = lexicon.phrases_in(words)
            whole = [
                meaning for first, end, meaning in found if meaning.startswith("assay:") and end - first == len(words)
            ]
            if whole:
                return lexicon.name_of(whole[0])
    return None


@lru_cache(maxsize=8192)
def name_terms(names: tuple[str, ...]) -> frozenset[str]:
    """The stems and meanings that name a row; ordinary words do not."""
    terms: set[str] = set()
    for name in names:
        words = tokens(_TERM.sub("", plain(name)))
        terms.update(
            stem(word.norm)
            for word in words
            if (word.norm not in FILLER and word.text.isalnum()) or "-" in word.text[1:]
        )
        terms.update(meaning for _, _, meaning in lexicon.phrases_in(words))
    return frozenset(terms)


@lru_cache(maxsize=8192)
def spellings(names: tuple[str, ...]) -> tuple[str, ...]:
    """The name as it may stand in a claim word for word, longest first."""
    found: set[str] = set()
    for name in names:
        whole = plain(name).strip()
        bare = _TERM.sub("", whole).strip()
        found.update(
            (
                whole,
                bare,
                _CUT.sub("", bare).strip(),
                bare.replace("  ", " "),
                re.sub(r"(?<!\s)\s*+\[[^\[\]]*\]", "", bare).strip(),
            )
        )
    return tuple(sorted((f for f in found if len(f) > 3 or (len(f) > 2 and f.isalpha())), key=lambda f: (-len(f), f)))


def _days(fields: Mapping[str, Any]) -> tuple[tuple[str, date], ...]:
    found = []
    for key, value in fields.items():
        if value and (key in _ROLES or key.endswith(("_on", "_at", "_date"))):
            day = dates.of_row(value)
            if day:
                found.append((_ROLES.get(key, "other"), day))
    return tuple(found)


def _standing(kind: str, fields: Mapping[str, Any], days: tuple[tuple[str, date], ...]) -> str | None:
    """active, stopped, completed, ended, on-hold, cancelled; None if the row does not say."""
    status = str(fields.get("status") or "").lower().strip()
    known = {"resolved": "ended", "inactive": "ended", "remission": "ended", "finished": "ended",
    "recurrence": "active",
             "relapse": "active", "cancelled": "cancelled", "ended": "ended", "in-progress": "active"}  # fmt: skip
    if status:
        return known.get(status, status)
    if any(role == "stop" for role, _ in days):
        return "ended"
    if kind in ("condition", "prescription") and any(role == "start" for role, _ in days):
        return "active"
    return "active" if kind == "allergy" else None


def _texts(fields: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    for key, value in fields.items():
        if value is None or key in _NOT_TEXT:
            continue
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, (list, tuple)):
            found += [str(item) for item in value]
        elif isinstance(value, Mapping):
            found += [str(item) for item in value.values() if item is not None]
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            found.append(f"{key.replace('_', ' ')} {value}")
        elif not isinstance(value, (date, datetime)):
            found.append(str(value))
    return found
